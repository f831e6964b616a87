import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { grants, type Waiter } from './grants.ts';

const waiter = (id: string, amount: bigint, passed = 0n): Waiter => ({ id, amount, passed });
const names = (available: bigint, ...line: Waiter[]) => [...grants(available, line)];

describe('who may be paid from what there is', () => {
  test('the oldest first, as far as the money goes', () => {
    const line = [waiter('a', 40n), waiter('b', 40n), waiter('c', 40n)];
    expect(names(80n, ...line)).toEqual(['a', 'b']);
    expect(names(79n, ...line)).toEqual(['a']);
    expect(names(0n, ...line)).toEqual([]);
    expect(names(-5n, ...line)).toEqual([]);
  });

  test('a small one passes a large one that does not fit', () => {
    expect(names(50n, waiter('large', 100n), waiter('small', 20n))).toEqual(['small']);
  });

  test('what is granted to an older one is not there for a younger', () => {
    expect(names(60n, waiter('a', 60n), waiter('b', 10n))).toEqual(['a']);
  });

  test('no more passes a large one than its own amount; then what comes in is kept for it', () => {
    const large = (passed: bigint) => waiter('large', 100n, passed);
    expect(names(90n, large(90n), waiter('small', 10n))).toEqual(['small']);
    expect(names(90n, large(91n), waiter('small', 10n))).toEqual([]);
    expect(names(100n, large(91n), waiter('small', 10n))).toEqual(['large']);
    expect(names(80n, large(70n), waiter('b', 20n), waiter('c', 20n), waiter('d', 10n))).toEqual(['b', 'd']);
  });
});

const amount = fc.bigInt({ min: 1n, max: 1_000n });
const line = fc
  .array(fc.record({ amount, passed: fc.bigInt({ min: 0n, max: 1_500n }) }), { maxLength: 12 })
  .map(all => all.map((one, at) => ({ id: `${at}`, ...one })));

test('never grants more than there is, the first whenever it fits, and lets nobody be passed by more than their own amount', () => {
  fc.assert(
    fc.property(line, fc.bigInt({ min: -100n, max: 5_000n }), (waiting, available) => {
      const granted = grants(available, waiting);
      const sum = waiting.filter(one => granted.has(one.id)).reduce((all, one) => all + one.amount, 0n);
      expect(sum <= (available > 0n ? available : 0n)).toBe(true);
      const [first] = waiting;
      if (first) expect(granted.has(first.id)).toBe(first.amount <= available);
      for (const [at, one] of waiting.entries()) {
        if (granted.has(one.id)) continue;
        const past = waiting.slice(at + 1).filter(each => granted.has(each.id));
        const passing = past.reduce((all, each) => all + each.amount, 0n);
        if (passing > 0n) expect(one.passed + passing <= one.amount).toBe(true);
      }
    }),
  );
});

/** Plays a treasury: newcomers join, money comes in, who is granted is paid, and those passed remember. */
interface Turn {
  join: bigint | null;
  deposit: bigint;
}
const turns = fc.array(
  fc.record({ join: fc.option(amount), deposit: fc.oneof(fc.constant(0n), fc.bigInt({ min: 1n, max: 400n })) }),
  { minLength: 1, maxLength: 60 },
);

test('whoever is first in line is paid at the latest when twice their amount has come in since they joined', () => {
  fc.assert(
    fc.property(turns, (story: Turn[]) => {
      let available = 0n;
      let waiting: (Waiter & { since: bigint; ahead: bigint })[] = [];
      let income = 0n;
      for (const [at, { join, deposit }] of story.entries()) {
        available += deposit;
        income += deposit;
        const ahead = waiting.reduce((sum, one) => sum + 2n * one.amount, 0n);
        if (join !== null) waiting.push({ id: `${at}`, amount: join, passed: 0n, since: income - deposit, ahead });
        const granted = grants(available, waiting);
        for (const [place, one] of waiting.entries()) {
          if (granted.has(one.id)) available -= one.amount;
          else for (const each of waiting.slice(place + 1)) if (granted.has(each.id)) one.passed += each.amount;
        }
        waiting = waiting.filter(one => !granted.has(one.id));
        expect(available >= 0n).toBe(true);
        for (const one of waiting) {
          expect(one.passed <= one.amount).toBe(true);
          // Those ahead of it, each with what may pass them, and then itself.
          expect(income - one.since < one.ahead + 2n * one.amount).toBe(true);
        }
      }
    }),
    { numRuns: 500 },
  );
});
