import { getAddressEncoder } from '@solana/kit';
import { describe, expect, test } from 'vitest';
import { decodeTransaction, mustDecode } from './decode.ts';
import { COMPUTE_BUDGET_PROGRAM, MEMO_PROGRAM, SYSTEM_PROGRAM, TOKEN_PROGRAM } from './programs.ts';
import { instruction, named, transferChecked, u64, wireOf } from './transaction.fixture.ts';

// A payment as a validator of today recorded it: sponsor, buyer, memo, TransferChecked of 0.1 USDC.
const RECORDED =
  'AlAQa9yrPa3yi2CX52YcmJAyxlEogOT1COox6TlZyoTrnH//dr3k9Pupu6BDukmvusDz4OllfUUH6ns0v23xiQ/TUsJuLYK5U7MwLblCBWIUYVQDq9uwYLf3zRgvMj9OWfLq0dPccjXs9veSq+rNpRQcVu9IPybabZfGfDInaccAgAIBAwdDBGv+QJKz6UmU6toV3MINiqoHtlj9OVTrjg77i9yl3k7TL2O/NfDu78sl8oouH73Ic64oNWcbDJRg9fEuRVaodHxj8JtfSicO9F8J72paY4rUAcxjHXI7sv17U/1yg+DRLvOa8AB595MCh7XqUCbpBLmMTbTNaQIhJgjA3n/rLjtELLORIVfxOpM9ATQoLQMrX/7NAaLb8bd5BgjfAC6nBUpTWpkpIQZNJOhxYNo4fHw1td28kruB5B+oQEEFRI0G3fbh12Whk9nL4UbO63msHLSF7V9bN5E6jPWFfv8Aqbja1UitFBpkMVQEEXyqwGQrRPMje+sUN0QZ0MtStTY8AgUACGViYjp0ZXN0BgQDBAIBCgyghgEAAAAAAAYA';

const sponsor = named('sponsor');
const buyer = named('buyer');
const memo = (text: string) => instruction(MEMO_PROGRAM, [], Buffer.from(text));
const pay = transferChecked(
  { source: named('from'), authority: buyer },
  { mint: named('mint'), destination: named('to') },
  100_000n,
);

test('a recorded payment decodes to who signs, what it pays and its message hash', () => {
  const decoded = mustDecode(RECORDED);
  expect(decoded.version).toBe(0);
  expect(decoded.feePayer).toBe('5WcE8o73vmsSZXeeWTLm3ty3fAJKCnBWRF6VuKUme5nu');
  expect(decoded.signers).toEqual([
    '5WcE8o73vmsSZXeeWTLm3ty3fAJKCnBWRF6VuKUme5nu',
    '6JhaGdekBjU2RfiYWSjYdQAibx4LfSfTNFEeMUHnUVz7',
  ]);
  expect(decoded.signatures.map(one => one.signature?.length)).toEqual([64, 64]);
  expect(decoded.lifetime).toBe('DSbZ74gfnoJM3Hv2nWGWn7jTMtt4HjcMpAadWL76ArCb');
  expect(decoded.memos).toEqual(['ebb:test']);
  expect(decoded.transfers).toHaveLength(1);
  expect(decoded.transfers[0]).toMatchObject({
    index: 1,
    tokenProgram: TOKEN_PROGRAM,
    source: 'F5ZjWyrrYsA7F86iL2kAEM9uxNMEJfALJUrMyaV16RFT',
    destination: '8qiJf7KV5CC8uPemJhy75dEcstWjERL7z2da3Ai762y5',
    authority: '6JhaGdekBjU2RfiYWSjYdQAibx4LfSfTNFEeMUHnUVz7',
    amount: 100_000n,
    checked: { mint: '4zMMC9srt5Ri5X14GAgXhaHii3GnPAEERYPJgZJDncDU', decimals: 6 },
  });
  expect(decoded.messageHash.toString('hex')).toBe('a4e1c563f538ebf2438135aafa9a92ba4e1f15c7f704d52e5953acbaf7549e08');
});

test('the message hash does not change with the signatures', () => {
  const bytes = Buffer.from(RECORDED, 'base64');
  bytes.fill(0, 1, 65);
  const unsigned = mustDecode(bytes);
  expect(unsigned.messageHash).toEqual(mustDecode(RECORDED).messageHash);
  expect(unsigned.signatures[0]?.signature).toBeNull();
});

test('compute limit and price are read from their instructions', () => {
  const limit = instruction(COMPUTE_BUDGET_PROGRAM, [], Uint8Array.from([2, 0x20, 0x4e, 0, 0]));
  const price = instruction(COMPUTE_BUDGET_PROGRAM, [], Uint8Array.from([3, ...u64(1n)]));
  expect(mustDecode(wireOf(sponsor, [limit, price, pay])).compute).toEqual({ unitLimit: 20_000, unitPrice: 1n });
  expect(mustDecode(wireOf(sponsor, [pay])).compute).toEqual({ unitLimit: null, unitPrice: null });
});

test('a legacy transaction decodes too', () => {
  const decoded = mustDecode(wireOf(sponsor, [pay, memo('a'), memo('b')], 'legacy'));
  expect(decoded.version).toBe('legacy');
  expect(decoded.memos).toEqual(['a', 'b']);
  expect(decoded.lookupTables).toEqual([]);
});

test('an advanced nonce is seen', () => {
  const advance = instruction(
    SYSTEM_PROGRAM,
    [[named('nonce'), 'w'], named('sysvar'), [buyer, 's']],
    Uint8Array.from([4, 0, 0, 0]),
  );
  expect(mustDecode(wireOf(sponsor, [advance, pay])).isDurableNonce).toBe(true);
  expect(mustDecode(wireOf(sponsor, [pay])).isDurableNonce).toBe(false);
});

describe('accounts of lookup tables', () => {
  // The same transaction with a lookup table of two accounts appended, and the destination taken from it.
  const wire = () => {
    const bytes = Buffer.from(wireOf(sponsor, [pay, memo('x')]), 'base64');
    const withTable = Buffer.concat([
      bytes.subarray(0, -1),
      Buffer.from([1]),
      Buffer.from(getAddressEncoder().encode(named('table'))),
      Buffer.from([1, 5, 1, 9]),
    ]);
    return withTable;
  };

  test('they are named as unknown until they are loaded', () => {
    const decoded = mustDecode(wire());
    expect(decoded.lookupTables).toEqual([named('table')]);
    expect(decoded.accounts.slice(-2)).toEqual([null, null]);
  });

  test('loaded addresses take their places: writable ones first', () => {
    const decoded = mustDecode(wire(), { writable: [named('w')], readonly: [named('r')] });
    expect(decoded.accounts.slice(-2)).toEqual([named('w'), named('r')]);
  });
});

describe('what does not decode is refused, whatever a stranger sends', () => {
  const good = Buffer.from(RECORDED, 'base64');
  test.each<[string, string | Buffer]>([
    ['nothing', ''],
    ['not base64', '!!!'],
    ['base64 with line breaks', `${RECORDED.slice(0, 60)}\n${RECORDED.slice(60)}`],
    ['no transaction', Buffer.from('hello')],
    ['cut short', good.subarray(0, good.length - 5)],
    ['bytes after its end', Buffer.concat([good, Buffer.from([0])])],
    ['a signature missing', Buffer.concat([Buffer.from([1]), good.subarray(1, 65), good.subarray(129)])],
    ['a signature too many', Buffer.concat([Buffer.from([3]), good.subarray(1, 65), good.subarray(1)])],
    ['a length in more bytes than needed', lengthened(good)],
    ['more than a packet', Buffer.concat([good, Buffer.alloc(1_232)])],
  ])('%s', (_, wire) => {
    expect(decodeTransaction(wire).kind).toBe('undecodable');
  });

  /** 7 accounts written as 0x87 0x00: the same message to a careless reader, with another hash. */
  function lengthened(bytes: Buffer): Buffer {
    const at = 129 + 4;
    expect(bytes[at]).toBe(7);
    return Buffer.concat([bytes.subarray(0, at), Buffer.from([0x87, 0x00]), bytes.subarray(at + 1)]);
  }

  test('one account named twice', () => {
    const bytes = Buffer.from(RECORDED, 'base64');
    const first = 129 + 5;
    bytes.copy(bytes, first + 32 * 2, first + 32 * 3, first + 32 * 4);
    expect(decodeTransaction(bytes)).toEqual({ kind: 'undecodable', reason: 'an account twice' });
  });
});
