import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { chained, denied, earnV1, earnV2, given, type Loose, rehashed, reversal, rightChain } from '#test/support/chains';
import { readChainText } from './chain-text.ts';
import { type Fault, verifyChain } from './verify.ts';

type Path = (string | number)[];

/** Every place of a value, of what holds others too. */
function paths(value: unknown, at: Path = []): Path[] {
  if (typeof value !== 'object' || value === null) return [at];
  const inner = Object.entries(value).flatMap(([key, one]) => paths(one, [...at, key]));
  return at.length === 0 ? inner : [at, ...inner];
}

/** A copy with another value at one place, or without it. */
function changed(value: Loose, path: Path, how: 'other' | 'gone'): Loose {
  const copy = structuredClone(value);
  let holder: Record<string, unknown> = copy;
  for (const key of path.slice(0, -1)) holder = holder[key] as Record<string, unknown>;
  const last = path.at(-1) ?? '';
  if (how === 'gone') delete holder[last];
  else holder[last] = otherThan(holder[last]);
  return copy;
}

function otherThan(value: unknown): unknown {
  if (typeof value === 'number') return value + 1;
  if (typeof value === 'string') return value.endsWith('0') ? value.replace(/0$/, '1') : value.replace(/.$|^$/, '0');
  return value === null ? 'something' : null;
}

test('I5: every chain that was written rightly verifies, as a list and as text in any form', () => {
  fc.assert(
    fc.property(rightChain, chain => {
      const right = { ok: true, count: chain.length };
      expect(verifyChain(chain)).toEqual(right);
      expect(verifyChain(readChainText(JSON.stringify(chain)))).toEqual(right);
      expect(verifyChain(readChainText(chain.map(one => JSON.stringify(one)).join('\n\n')))).toEqual(right);
      expect(verifyChain(readChainText(JSON.stringify({ items: chain.toReversed(), next_cursor: null }, null, 2)))).toEqual(
        right,
      );
    }),
  );
});

test('I5: any field of any receipt, changed or removed, is found at that receipt', () => {
  fc.assert(
    fc.property(rightChain, chain => {
      for (const [i, receipt] of chain.entries()) {
        for (const path of paths(receipt)) {
          for (const how of ['other', 'gone'] as const) {
            const forged = chain.with(i, changed(receipt, path, how));
            expect(verifyChain(forged), `${how} ${path.join('.')} of ${i}`).toMatchObject({ ok: false, nonce: i });
          }
        }
        const added = chain.with(i, { ...receipt, more: 'field' });
        expect(verifyChain(added)).toEqual({ ok: false, nonce: i, reason: 'receipt_hash_mismatch' });
      }
    }),
    { numRuns: 25 },
  );
});

test('I5: a changed receipt that is hashed anew is found at the next one', () => {
  fc.assert(
    fc.property(rightChain, fc.nat(), (chain, at) => {
      fc.pre(chain.length > 1);
      const i = at % (chain.length - 1);
      const forged = chain.with(i, rehashed({ ...(chain[i] as Loose), ts: 'another time' }));
      expect(verifyChain(forged)).toEqual({ ok: false, nonce: i + 1, reason: 'prev_hash_mismatch' });
    }),
  );
});

test('I5: a receipt left out, doubled, or out of order is found', () => {
  fc.assert(
    fc.property(rightChain, fc.nat(), (chain, at) => {
      fc.pre(chain.length > 1);
      const i = at % (chain.length - 1);
      const one = chain.slice(i, i + 1);
      const two = chain.slice(i + 1, i + 2);
      expect(verifyChain(chain.toSpliced(i, 1)).ok).toBe(false);
      expect(verifyChain(chain.toSpliced(i, 0, ...one))).toEqual({ ok: false, nonce: i + 1, reason: 'nonce_mismatch' });
      expect(verifyChain(chain.toSpliced(i, 2, ...two, ...one))).toEqual({ ok: false, nonce: i, reason: 'nonce_mismatch' });
      expect(verifyChain(chain.slice(1))).toEqual({ ok: false, nonce: 0, reason: 'nonce_mismatch' });
    }),
  );
});

/** What a forger can do who writes the whole chain anew: only the meaning gives them away. */
describe('I5: a chain whose hashes are all right, but', () => {
  const start = chained([earnV1(0, 100n), earnV2(1, 50n)]);
  const [earn, mpp] = start as [Loose, Loose];
  const extended = (...bodies: Record<string, unknown>[]) => chained([...start, ...bodies]);
  const half = { amount: 60n, original: earn, sequence: 1, remaining: 40n };
  const [, , refunded] = extended(given(2, half)) as [Loose, Loose, Loose];

  const forgeries: [string, Loose[], Fault][] = [
    ['gives back more than the original', extended(given(2, { ...half, amount: 101n, remaining: 0n })), 'exceeds_original'],
    [
      'gives back more than the original in two parts',
      extended(given(2, half), given(3, { amount: 41n, original: earn, sequence: 2, remaining: 0n })),
      'exceeds_original',
    ],
    [
      'gives back more than the original in a refund and a cashback',
      extended(given(2, half), given(3, { amount: 41n, original: earn, sequence: 2, remaining: 0n, kind: 'cashback' })),
      'exceeds_original',
    ],
    [
      'names an original that does not exist',
      extended(given(2, { ...half, original: { ...earn, receipt_hash: 'f'.repeat(64) } })),
      'original_missing',
    ],
    [
      'names a refund as its original',
      extended(given(2, half), given(3, { ...half, original: refunded, amount: 1n })),
      'original_missing',
    ],
    ['names a call that moved nothing', refundOf(denied(0)), 'original_missing'],
    ['names a spend receipt', refundOf({ ...earnV1(0, 100n), kind: 'spend' }), 'original_missing'],
    ['names another transaction', extended({ ...given(2, half), original_tx_sig: 'another' }), 'original_mismatch'],
    [
      'gives back another asset',
      extended({ ...given(2, half), price: { ...priceOf(earn), amount: '60', asset: 'other' } }),
      'original_mismatch',
    ],
    [
      'gives back on another network',
      extended({ ...given(2, half), price: { ...priceOf(earn), amount: '60', network: 'solana-mainnet' } }),
      'original_mismatch',
    ],
    ['skips a number', extended(given(2, { ...half, sequence: 2 })), 'sequence_mismatch'],
    ['says a wrong remainder', extended(given(2, { ...half, remaining: 41n })), 'remaining_mismatch'],
    ['changes the agent', extended({ ...earnV1(2, 1n), agent: 'another' }), 'agent_mismatch'],
    ['reverses what is not there', extended(reversal(2, { ...earn, receipt_hash: 'f'.repeat(64) })), 'voided_missing'],
    ['reverses twice', extended(reversal(2, earn), reversal(3, earn)), 'voided_twice'],
    [
      'reverses a reversal',
      (chain => chained([...chain, reversal(3, chain.at(-1) as Loose)]))(extended(reversal(2, earn))),
      'voided_missing',
    ],
    ['reverses another amount', extended({ ...reversal(2, earn), price: { ...priceOf(earn), amount: '99' } }), 'voided_mismatch'],
    ['is of an unknown version', extended({ ...earnV1(2, 1n), v: '0.9' }), 'invalid_schema'],
    ['is of an unknown kind', extended({ ...given(2, half), kind: 'gift' }), 'invalid_schema'],
    ['claims a refund in version 0.1', extended({ ...given(2, half), v: '0.1' }), 'invalid_schema'],
    [
      'has an amount that is no number of atoms',
      extended({ ...given(2, half), price: { ...priceOf(earn), amount: '-60' } }),
      'invalid_schema',
    ],
  ];
  test.each(forgeries)('%s', (_name, chain, reason) => {
    expect(verifyChain(chain)).toEqual({ ok: false, nonce: chain.length - 1, reason });
  });

  test('names an original that comes later', () => {
    expect(verifyChain(chained([given(0, half), earnV1(1, 100n)]))).toEqual({ ok: false, nonce: 0, reason: 'original_missing' });
  });

  test('nothing at all: with the right numbers it verifies', () => {
    const next = given(3, { amount: 40n, original: earn, sequence: 2, remaining: 0n, kind: 'cashback' });
    const other = given(4, { amount: 50n, original: mpp, sequence: 1, remaining: 0n });
    expect(verifyChain(extended(given(2, half), next, other))).toEqual({ ok: true, count: 5 });
  });

  test('a refund that was reversed can be given again, in full, and a reversed payment is still an original', () => {
    const whole = { amount: 100n, original: earn, remaining: 0n };
    const [, , first] = extended(given(2, { ...whole, sequence: 1 })) as [Loose, Loose, Loose];
    const bodies = [
      given(2, { ...whole, sequence: 1 }),
      reversal(3, first),
      reversal(4, earn),
      given(5, { ...whole, sequence: 2 }),
    ];
    expect(verifyChain(extended(...bodies))).toEqual({ ok: true, count: 6 });
  });
});

test('what is no receipt, and text that is no JSON, are told apart', () => {
  for (const value of [null, 1, 'text', [], {}, { v: '0.1' }]) {
    expect(verifyChain([value])).toEqual({ ok: false, nonce: 0, reason: 'invalid_schema' });
  }
  const [earn] = chained([earnV1(0, 1n)]);
  expect(verifyChain(readChainText(`${JSON.stringify(earn)}\nnot json\n`))).toEqual({
    ok: false,
    nonce: 1,
    reason: 'invalid_json',
  });
  expect(verifyChain(readChainText(JSON.stringify(earn)))).toEqual({ ok: true, count: 1 });
  expect(verifyChain(readChainText(' \n'))).toEqual({ ok: true, count: 0 });
  const odd = { ...earn, reason: '\ud800' };
  expect(verifyChain([odd])).toEqual({ ok: false, nonce: 0, reason: 'receipt_hash_mismatch' });
});

function priceOf(receipt: Loose) {
  return receipt.price as Record<string, unknown>;
}

function refundOf(body: Record<string, unknown>): Loose[] {
  const [original] = chained([body]) as [Loose];
  return chained([body, given(1, { amount: 1n, original: { ...original, tx_sig: 'x' }, sequence: 1, remaining: 0n })]);
}
