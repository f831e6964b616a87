import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { atoms } from '#libs/money/atoms';
import { Refusal } from '#libs/problems/refusal';
import { type LegPart, MAX_LEGS, splitLegs } from './legs.ts';

const U64 = 2n ** 64n - 1n;
const sum = (parts: readonly LegPart[], of: (part: LegPart) => bigint) => parts.reduce((all, part) => all + of(part), 0n);

/** An amount, a fee below it, and a limit that makes a sane number of legs or too many. */
const asked = fc
  .bigInt(1n, U64)
  .chain(amount => fc.record({ amount: fc.constant(amount), fee: fc.bigInt(0n, amount - 1n) }))
  .chain(({ amount, fee }) => {
    const net = amount - fee;
    const limits = fc.oneof(
      fc.bigInt(1n, U64),
      fc.bigInt(1n, BigInt(MAX_LEGS) + 10n).map(n => (net + n - 1n) / n),
    );
    return fc.record({ amount: fc.constant(amount), fee: fc.constant(fee), max: fc.option(limits) });
  });

describe('splitLegs', () => {
  test('sums are exact, every transfer moves something, none more than the limit, and there are as few as can be', () => {
    fc.assert(
      fc.property(asked, ({ amount, fee, max }) => {
        const limit = max ?? U64;
        const fewest = (amount - fee + limit - 1n) / limit;
        const split = () => splitLegs(atoms(amount), atoms(fee), max === null ? null : atoms(max));
        if (fewest > BigInt(MAX_LEGS)) {
          expect(split).toThrow(Refusal);
          return;
        }
        const parts = split();
        expect(BigInt(parts.length)).toBe(fewest);
        expect(parts.map(part => part.leg)).toEqual(parts.map((_, at) => at));
        expect(sum(parts, part => part.amount)).toBe(amount);
        expect(sum(parts, part => part.fee)).toBe(fee);
        for (const part of parts) {
          const moved = part.amount - part.fee;
          expect(moved > 0n && moved <= limit && part.fee >= 0n).toBe(true);
        }
      }),
      { numRuns: 500 },
    );
  });

  test('one leg without a limit, whatever the fee', () => {
    expect(splitLegs(atoms(U64), atoms(U64 - 1n), null)).toEqual([{ leg: 0, amount: U64, fee: U64 - 1n }]);
  });

  test('a fee is divided by what each leg moves, and makes no more legs', () => {
    expect(splitLegs(atoms(110n), atoms(10n), atoms(40n))).toEqual([
      { leg: 0, amount: 44n, fee: 4n },
      { leg: 1, amount: 44n, fee: 4n },
      { leg: 2, amount: 22n, fee: 2n },
    ]);
  });

  test('more legs than a refund has: refused with the numbers', () => {
    expect(splitLegs(atoms(50n), atoms(0n), atoms(1n))).toHaveLength(MAX_LEGS);
    try {
      splitLegs(atoms(51n), atoms(0n), atoms(1n));
      expect.unreachable();
    } catch (error) {
      expect(error).toMatchObject({ code: 'too_many_legs', members: { legs: '51', max_legs: 50, max_leg_atomic: '1' } });
    }
  });
});
