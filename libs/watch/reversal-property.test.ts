import fc from 'fast-check';
import { expect, test } from 'vitest';
import { verifyChain } from '#libs/receipts/verify';
import { Bookkeeper } from '#test/support/bookkeeper';
import { useDatabase } from '#test/support/database';

const at = useDatabase();

/** One step of a story; `pick` chooses among what it can happen to. */
type Step = {
  do: 'pay' | 'refund' | 'sign' | 'land' | 'final' | 'legGone' | 'legBack' | 'legDead' | 'lost' | 'found' | 'dead';
} & {
  pick: number;
  amount: bigint;
};

const step: fc.Arbitrary<Step> = fc.record({
  do: fc.constantFrom<Step['do'][]>(
    'pay',
    ...(['refund', 'refund', 'sign', 'sign', 'sign', 'land', 'land', 'land', 'land'] as const),
    ...(['final', 'legGone', 'legGone', 'legGone', 'legBack', 'legDead', 'legDead', 'legDead'] as const),
    ...(['lost', 'found', 'dead', 'dead'] as const),
  ),
  pick: fc.nat(1_000),
  amount: fc.bigInt({ min: 1n, max: 60n }),
});

interface Refund {
  id: string;
  amount: bigint;
  state: 'reserved' | 'signed' | 'posted' | 'gone' | 'failed';
  final: boolean;
  attempt: string;
  landed: Awaited<ReturnType<Bookkeeper['landed']>> | null;
}
interface Payment {
  id: string;
  captured: bigint;
  state: 'there' | 'lost' | 'dead';
  refunds: Refund[];
}

/** Plays steps on the books, and keeps beside them nothing but sums. */
class Story {
  readonly payments: Payment[] = [];
  receipts = 0;
  readonly books: Bookkeeper;

  constructor(books: Bookkeeper) {
    this.books = books;
  }

  #one<T>(from: readonly T[], pick: number): T | null {
    return from[pick % Math.max(from.length, 1)] ?? null;
  }

  #refunds(...states: Refund['state'][]): { payment: Payment; refund: Refund }[] {
    return this.payments.flatMap(payment =>
      payment.refunds.filter(one => states.includes(one.state)).map(refund => ({ payment, refund })),
    );
  }

  async play({ do: what, pick, amount }: Step): Promise<void> {
    const { books } = this;
    if (what === 'pay') {
      this.payments.push({ id: await books.paid(amount + 40n), captured: amount + 40n, state: 'there', refunds: [] });
      this.receipts++;
    }
    if (what === 'refund') {
      const payment = this.#one(this.payments, pick);
      if (!payment) return;
      const fits = payment.state === 'there' && amount <= payment.captured - held(payment);
      const asked = books.refund(payment.id, amount);
      if (!fits) return void (await expect(asked).rejects.toThrow());
      payment.refunds.push({ id: await asked, amount, state: 'reserved', final: false, attempt: '', landed: null });
    }
    if (what === 'sign') {
      const found = this.#one(
        this.#refunds('reserved').filter(one => one.payment.state === 'there'),
        pick,
      );
      if (found) Object.assign(found.refund, { attempt: await books.signed(found.refund.id), state: 'signed' });
    }
    if (what === 'land') {
      const found = this.#one(this.#refunds('signed'), pick);
      if (!found) return;
      found.refund.landed = await books.landed(found.refund.id);
      await books.post(found.refund.id, found.refund.landed);
      found.refund.state = 'posted';
      this.receipts++;
    }
    if (what === 'final') {
      const found = this.#one(this.#refunds('posted'), pick);
      if (!found) return;
      await books.legFinal(found.refund.id);
      found.refund.final = true;
    }
    if (what === 'legGone') {
      const found = this.#one(this.#refunds('posted'), pick);
      if (!found) return;
      await books.legGone(found.refund.id);
      if (!found.refund.final) found.refund.state = 'gone';
    }
    if (what === 'legBack') {
      const found = this.#one(this.#refunds('gone'), pick);
      if (!found?.refund.landed) return;
      await books.post(found.refund.id, found.refund.landed);
      found.refund.state = 'posted';
    }
    if (what === 'legDead') {
      const found = this.#one(this.#refunds('gone'), pick);
      if (!found) return;
      const late = found.refund.landed;
      await books.legDead(found.refund.id, found.refund.attempt);
      // Whoever saw it land comes too late, and whoever proved it dead comes again.
      if (late) await books.post(found.refund.id, late);
      await books.legDead(found.refund.id, found.refund.attempt);
      found.refund.state = 'reserved';
      this.receipts++;
    }
    if (what === 'lost' || what === 'found') {
      const from = what === 'lost' ? 'there' : 'lost';
      const payment = this.#one(
        this.payments.filter(one => one.state === from),
        pick,
      );
      if (!payment) return;
      await books[what](payment.id);
      payment.state = what === 'lost' ? 'lost' : 'there';
    }
    if (what === 'dead') {
      const payment = this.#one(
        this.payments.filter(one => one.state === 'lost'),
        pick,
      );
      if (payment) await this.#dead(payment);
    }
  }

  async #dead(payment: Payment): Promise<void> {
    for (const refund of payment.refunds) if (refund.state === 'reserved') refund.state = 'failed';
    const open = payment.refunds.some(
      one => one.state === 'signed' || one.state === 'gone' || (one.state === 'posted' && !one.final),
    );
    const ended = await this.books.dead(payment.id);
    expect(ended.status).toBe(open ? 'pending' : 'failed');
    if (open) return;
    payment.state = 'dead';
    this.receipts++;
  }

  async judge(): Promise<void> {
    const { books } = this;
    for (const payment of this.payments) {
      const given = sum(payment, 'posted', 'gone');
      const reserved = sum(payment, 'reserved', 'signed');
      const dead = payment.state === 'dead';
      expect(given + reserved, 'I1').toBeLessThanOrEqual(payment.captured);
      const captured = dead ? given : payment.captured;
      const balance = { captured, refunded: given, reserved, refundable: captured - given - reserved };
      expect(await books.balance(payment.id), 'I1').toEqual(balance);
      const row = await books.payment(payment.id);
      const named = given === 0n ? 'settled' : given === payment.captured && reserved === 0n ? 'refunded' : 'partially_refunded';
      expect(row.status).toBe(dead ? 'failed' : payment.state === 'lost' ? 'pending' : named);
    }
    const came = this.payments.filter(one => one.state !== 'dead').reduce((all, one) => all + one.captured, 0n);
    const went = this.payments.reduce((all, one) => all + sum(one, 'posted', 'gone'), 0n);
    expect(await books.treasury(), 'I4').toBe(came - went);
    const lost = this.payments.filter(one => one.state === 'dead').reduce((all, one) => all + sum(one, 'posted'), 0n);
    expect(await books.holds({ code: 'chain_loss', object: books.of.accountId }), 'I4').toBe(lost);
    const fees = BigInt(this.#refunds('posted', 'gone').length) * 10_000n;
    expect(await books.holds({ code: 'network_fee', object: books.of.accountId }, 'SOL'), 'I4').toBe(fees);
    if (this.payments.length > 0) {
      const counted = this.#refunds('posted', 'gone').length;
      const there = this.payments.filter(one => one.state !== 'dead').length;
      expect(await books.counters()).toMatchObject({
        gross: String(came),
        refunded: String(went),
        settled_count: String(there),
        refunded_count: String(counted),
      });
    }
    expect(verifyChain(await books.receipts()), 'I5').toEqual({ ok: true, count: this.receipts });
  }
}

const sum = (payment: Payment, ...states: Refund['state'][]) =>
  payment.refunds.filter(one => states.includes(one.state)).reduce((all, one) => all + one.amount, 0n);
const held = (payment: Payment) => sum(payment, 'reserved', 'signed', 'posted', 'gone');

test('I1 I4 I5: posted, gone, back, taken back and posted again in any order, payments too, all sums agree at every step', {
  timeout: 180_000,
}, async () => {
  const run = async (steps: Step[]) => {
    const story = new Story(await Bookkeeper.open(at.db));
    for (const one of steps) {
      await story.play(one);
      await story.judge();
    }
  };
  await fc.assert(fc.asyncProperty(fc.array(step, { minLength: 25, maxLength: 60, size: 'max' }), run), { numRuns: 20 });
});
