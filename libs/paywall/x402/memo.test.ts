import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { assetOf } from '#libs/money/assets';
import { atoms } from '#libs/money/atoms';
import { isProofSecret, issueMemo, type MemoTerms, memoIssuedAt, proofSecret } from './memo.ts';

const key = Buffer.alloc(32, 7);
const now = new Date('2026-11-21T12:00:00.900Z');
const random = Buffer.from('01020304', 'hex');
const terms: MemoTerms = {
  network: 'solana-devnet',
  linkId: 'lnk_1',
  mint: assetOf('solana-devnet', 'USDC').mint,
  amount: atoms(100_000n),
};
const memo = issueMemo(key, terms, now, random);

test('a memo is 26 ASCII bytes: within the 30 that official clients leave compute for', () => {
  expect(memo).toMatch(/^ebb:[A-Za-z0-9_-]{22}$/);
  expect(Buffer.byteLength(memo)).toBe(26);
});

test('a memo says when it was issued, to the second, under the terms it was issued for', () => {
  expect(memoIssuedAt(key, terms, memo)).toEqual(new Date('2026-11-21T12:00:00.000Z'));
});

describe('under other terms it was never issued', () => {
  test.each<[string, Partial<MemoTerms>]>([
    ['network', { network: 'solana-mainnet' }],
    ['link', { linkId: 'lnk_2' }],
    ['asset', { mint: assetOf('solana-devnet', 'USDT').mint }],
    ['amount', { amount: atoms(99_999n) }],
  ])('%s', (_, other) => {
    expect(memoIssuedAt(key, { ...terms, ...other }, memo)).toBeNull();
  });

  test('another key', () => {
    expect(memoIssuedAt(Buffer.alloc(32, 8), terms, memo)).toBeNull();
  });
});

test('no other text passes for it: one changed character, and the spare bits of the last one', () => {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  for (let at = 4; at < memo.length; at++) {
    for (const letter of alphabet) {
      const other = memo.slice(0, at) + letter + memo.slice(at + 1);
      if (other !== memo) expect(memoIssuedAt(key, terms, other)).toBeNull();
    }
  }
});

test('whatever text a stranger sends is read without a throw and never accepted', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.stringMatching(/^ebb:[A-Za-z0-9_-]{22}$/)), text => {
      expect(memoIssuedAt(key, terms, text)).toBeNull();
    }),
  );
});

test('the secret fits its memo alone, and says nothing without its key', () => {
  const secret = proofSecret(key, memo);
  expect(secret).toHaveLength(43);
  expect(isProofSecret(key, memo, secret)).toBe(true);
  expect(isProofSecret(key, issueMemo(key, terms, now, Buffer.from('05060708', 'hex')), secret)).toBe(false);
  expect(isProofSecret(Buffer.alloc(32, 8), memo, secret)).toBe(false);
  expect(isProofSecret(key, memo, '')).toBe(false);
  expect(isProofSecret(key, memo, `${secret}=`)).toBe(false);
});
