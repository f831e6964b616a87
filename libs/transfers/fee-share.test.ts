import fc from 'fast-check';
import { expect, test } from 'vitest';
import { feeShare } from './fee-share.ts';

test('the shares of a transaction’s legs add up to its fee, to the lamport, and none bears two lamports more than another', () => {
  fc.assert(
    fc.property(fc.bigInt(0n, 10_000_000n), fc.integer({ min: 1, max: 50 }), (fee, legs) => {
      const shares = Array.from({ length: legs }, (_, at) => feeShare(fee, legs, at));
      expect(shares.reduce((sum, one) => sum + one, 0n)).toBe(fee);
      const sorted = [...shares].sort((a, b) => Number(a - b));
      expect(Number((sorted.at(-1) ?? 0n) - (sorted[0] ?? 0n))).toBeLessThanOrEqual(1);
    }),
  );
});

test('a leg that the transaction does not carry has no share', () => {
  expect(() => feeShare(10n, 2, 2)).toThrow(RangeError);
  expect(() => feeShare(10n, 2, -1)).toThrow(RangeError);
});
