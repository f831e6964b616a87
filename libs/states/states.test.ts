import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Cause, causesOf } from './cause.ts';
import { PAYMENT_EDGES, PAYMENT_STATUSES, paymentEdge, settledStatus } from './payment.ts';
import { REFUND_EDGES, REFUND_STATUSES, REFUND_TERMINAL, type RefundStatus, refundEdge } from './refund.ts';
import { needsPerson, WAIT_REASONS, WAITS, waitFor } from './waiting.ts';

const CAUSES: readonly Cause[] = ['caller', 'carrier', 'operator', 'finality'];
const status = fc.constantFrom(...REFUND_STATUSES);
const cause = fc.constantFrom(...CAUSES);

describe('refunds', () => {
  test('an edge is in the table once, or it does not exist: between any two states, by anyone', () => {
    fc.assert(
      fc.property(fc.oneof(fc.constant('created' as const), status), status, cause, (from, to, by) => {
        const rows = REFUND_EDGES.filter(edge => edge.from === from && edge.to === to);
        expect(rows.length).toBeLessThanOrEqual(1);
        const go = () => refundEdge(from, to, [by]);
        if (from === to) expect(go()).toBeNull();
        else if (rows[0]?.by.includes(by)) expect(go()).toBe(rows[0]);
        else expect(go).toThrow('does not go');
      }),
    );
  });

  test('from anywhere that any walk leads to, an end can be reached, and only finality leaves an end', () => {
    const walk = fc.array(fc.nat(1_000), { maxLength: 30 });
    fc.assert(
      fc.property(walk, choices => {
        let at: RefundStatus | 'created' = 'created';
        for (const choice of choices) {
          const ways = REFUND_EDGES.filter(edge => edge.from === at);
          const way = ways[choice % Math.max(1, ways.length)];
          if (!way) break;
          if (at !== 'created' && REFUND_TERMINAL.has(at)) expect(way.by).toEqual(['finality']);
          at = way.to;
        }
        expect([...reachable(at)].some(one => REFUND_TERMINAL.has(one as RefundStatus))).toBe(true);
      }),
    );
  });

  test('every state is reached, every end by a caller’s, carrier’s or operator’s deed, and what was paid is never canceled', () => {
    expect(reachable('created')).toEqual(new Set(['created', ...REFUND_STATUSES]));
    expect(() => refundEdge('succeeded', 'canceled', CAUSES)).toThrow('does not go');
    expect(() => refundEdge('canceled', 'processing', CAUSES)).toThrow('does not go');
    expect(() => refundEdge('failed', 'processing', CAUSES)).toThrow('does not go');
  });

  test('who an event names as its actor says what it may cause', () => {
    expect(causesOf({ type: 'workflow', id: 'refund:re_1' })).toEqual(['carrier']);
    expect(causesOf({ type: 'workflow', id: 'watchFinality' })).toEqual(['finality']);
    expect(causesOf({ type: 'api_key', id: 'key_1' })).toEqual(['caller', 'operator']);
    expect(causesOf({ type: 'operator', id: 'temporal' })).toEqual(['operator']);
    expect(causesOf({ type: 'buyer', id: 'pay_1' })).toEqual([]);
  });
});

describe('payments', () => {
  test('an edge is in the table once, or it does not exist: between any two states, by anyone', () => {
    const state = fc.constantFrom(...PAYMENT_STATUSES);
    fc.assert(
      fc.property(state, state, cause, (from, to, by) => {
        const rows = PAYMENT_EDGES.filter(edge => edge.from === from && edge.to === to);
        expect(rows.length).toBeLessThanOrEqual(1);
        const go = () => paymentEdge(from, to, [by]);
        if (from === to) expect(go()).toBeNull();
        else if (rows[0]?.by.includes(by)) expect(go()).toBe(rows[0]);
        else expect(go).toThrow('does not go');
      }),
    );
  });

  test('whatever is refunded, given as cashback and reserved, the name a settled payment has is one it can get to from any other', () => {
    const sums = fc.tuple(fc.bigInt(0n, 50n), fc.bigInt(0n, 50n), fc.bigInt(0n, 50n), fc.bigInt(0n, 50n));
    const named = sums.map(([refunded, cashback, reserved, rest]) =>
      settledStatus({ captured: refunded + cashback + reserved + rest, refunded, cashback, reserved }),
    );
    fc.assert(fc.property(named, named, (one, other) => void paymentEdge(one, other, CAUSES)));
  });
});

test('every wait says what ends it, and keeps its beginning while its reason stays', () => {
  const reason = fc.constantFrom(...WAIT_REASONS);
  const moment = fc.date({ min: new Date('2026-01-01'), max: new Date('2027-01-01'), noInvalidDate: true });
  fc.assert(
    fc.property(reason, reason, moment, moment, (first, second, then, now) => {
      const before = waitFor(first, then);
      const after = waitFor(second, now, before);
      expect(after.since).toBe(first === second ? before.since : now.toISOString());
      expect(after).toMatchObject({ reason: second, ends_when: WAITS[second].ends_when, actions: WAITS[second].actions });
      expect(needsPerson(after)).toBe(WAITS[second].person);
      if (WAITS[second].person) expect(after.actions).not.toEqual([]);
    }),
  );
});

/** All states that the table leads to from one. */
function reachable(from: string): Set<string> {
  const seen = new Set([from]);
  for (const at of seen) for (const edge of REFUND_EDGES) if (edge.from === at) seen.add(edge.to);
  return seen;
}
