import fc from 'fast-check';
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { violatedConstraint } from '#libs/db/database';
import { atoms } from '#libs/money/atoms';
import { bookPayment, ids, USDC } from '#test/support/books';
import { useDatabase } from '#test/support/database';
import { accountSums, paymentBalances } from './balances.ts';
import { post, voidPending } from './resolve.ts';
import { type NewTransfer, transfer } from './transfer.ts';

const SESSIONS = 64;
const database = useDatabase({ max: SESSIONS });
const at = new Date('2026-11-02T12:00:00.000Z');

const debitOf = (paymentId: string, id: string, kind: 'single' | 'pending', amount: bigint): NewTransfer => ({
  id,
  kind,
  network: USDC.network,
  asset: USDC.mint,
  amount: atoms(amount),
  debit: { code: 'payment', object: paymentId },
  credit: { code: 'treasury', object: `try_${paymentId}` },
  occurredAt: at,
  source: { type: 'leg', id },
});

const debit = (...entry: Parameters<typeof debitOf>) =>
  database.db.tx('api.refund.accept', tx => transfer(tx, debitOf(...entry)));

/** Whether it was admitted; anything but the constraint's refusal is a failure of the test. */
async function admitted(work: Promise<unknown>): Promise<boolean> {
  try {
    await work;
    return true;
  } catch (error) {
    if (violatedConstraint(error) !== 'never_over') throw error;
    return false;
  }
}

/** The counters, and the same again summed from the transfers: they must agree. */
async function balance(paymentId: string) {
  const found = (await paymentBalances(database.db.read, [paymentId])).get(paymentId);
  if (!found) throw new Error(`no balance of ${paymentId}`);
  const sums = await accountSums(database.db.read, { code: 'payment', object: paymentId }, USDC.mint);
  const counters = await sql<{ dp: string; dd: string; cp: string; cd: string }>`
    select debits_posted::text dp, debits_pending::text dd, credits_posted::text cp, credits_pending::text cd
    from ledger_accounts where id = ${`payment:${paymentId}`}`.execute(database.db.read);
  const summed = { dp: sums.debitsPosted, dd: sums.debitsPending, cp: sums.creditsPosted, cd: sums.creditsPending };
  expect(counters.rows[0]).toEqual(Object.fromEntries(Object.entries(summed).map(([key, value]) => [key, value.toString()])));
  return found;
}

type Move = { do: 'reserve' | 'pay'; amount: bigint } | { do: 'post' | 'void' | 'repeat' | 'reverse'; pick: number };

const amount = fc.bigInt({ min: 1n, max: 60n });
const pick = fc.nat(100);
const move: fc.Arbitrary<Move> = fc.oneof(
  fc.record({ do: fc.constantFrom('reserve' as const, 'pay' as const), amount }),
  fc.record({ do: fc.constantFrom('post' as const, 'void' as const, 'repeat' as const, 'reverse' as const), pick }),
);

/** One payment in the books, and beside it what should stand there. */
class Modelled {
  readonly paymentId: string;
  readonly captured: bigint;
  refunded = 0n;
  reserved = 0n;
  readonly #held: { id: string; amount: bigint }[] = [];
  readonly #moved: { id: string; amount: bigint }[] = [];
  #count = 0;

  constructor(paymentId: string, captured: bigint) {
    this.paymentId = paymentId;
    this.captured = captured;
  }

  async make(step: Move): Promise<void> {
    if ('amount' in step) await this.#debit(step.do, step.amount);
    else if (step.do === 'repeat') await this.#repeat(step.pick);
    else if (step.do === 'reverse') await this.#reverse(step.pick);
    else await this.#resolve(step.do, step.pick);
  }

  async #debit(how: 'reserve' | 'pay', amount: bigint): Promise<void> {
    const id = `${how}:${this.paymentId}:${this.#count++}`;
    const fits = this.refunded + this.reserved + amount <= this.captured;
    expect(await admitted(debit(this.paymentId, id, how === 'pay' ? 'single' : 'pending', amount))).toBe(fits);
    if (!fits) return;
    (how === 'pay' ? this.#moved : this.#held).push({ id, amount });
    if (how === 'pay') this.refunded += amount;
    else this.reserved += amount;
  }

  async #repeat(pick: number): Promise<void> {
    const one = this.#held[pick % Math.max(this.#held.length, 1)];
    if (one) expect(await debit(this.paymentId, one.id, 'pending', one.amount)).toBe('again');
  }

  async #resolve(how: 'post' | 'void', pick: number): Promise<void> {
    const [one] = this.#held.splice(pick % Math.max(this.#held.length, 1), 1);
    if (!one) return;
    const id = `${how}:${one.id}`;
    const resolve = how === 'post' ? post : voidPending;
    await database.db.tx('refund.post', tx => resolve(tx, { id, pendingId: one.id, occurredAt: at }));
    this.reserved -= one.amount;
    if (how === 'void') return;
    this.refunded += one.amount;
    this.#moved.push({ id, amount: one.amount });
  }

  async #reverse(pick: number): Promise<void> {
    const [one] = this.#moved.splice(pick % Math.max(this.#moved.length, 1), 1);
    if (!one) return;
    const entry = debitOf(this.paymentId, `back:${one.id}`, 'single', one.amount);
    const back = { ...entry, debit: entry.credit, credit: entry.debit, reverses: one.id };
    await database.db.tx('refund.post', tx => transfer(tx, back));
    this.refunded -= one.amount;
  }
}

test('I1 I4: no sequence of reservations, payments, posts, voids, repeats and reversals goes over, and all sums agree', async () => {
  const run = async (captured: bigint, moves: Move[]) => {
    const paymentId = await bookPayment(database.db, captured);
    const model = new Modelled(paymentId, captured);
    for (const step of moves) await model.make(step);

    const { refunded, reserved } = model;
    expect(refunded + reserved).toBeLessThanOrEqual(captured);
    expect(await balance(paymentId)).toEqual({ captured, refunded, reserved, refundable: captured - refunded - reserved });
    // What left the payment arrived at the treasury: debits = credits.
    const treasury = await accountSums(database.db.read, { code: 'treasury', object: `try_${paymentId}` }, USDC.mint);
    expect(treasury.creditsPosted - treasury.debitsPosted).toBe(refunded);
    expect(treasury.creditsPending).toBe(reserved);
  };
  const moves = fc.array(move, { minLength: 1, maxLength: 25 });
  await fc.assert(fc.asyncProperty(fc.bigInt({ min: 1n, max: 150n }), moves, run), { numRuns: 60 });
});

test('I1: 64 sessions racing one payment admit what fits and nothing over', { timeout: 30_000 }, async () => {
  const captured = 1_000_000n;
  const paymentId = await bookPayment(database.db, captured);
  const each = 8;
  // Uneven amounts of twice what there is, so that some must be refused whatever the order.
  const amounts = Array.from({ length: SESSIONS * each }, (_, i) => 1n + ((BigInt(i) * 7_919n) % 7_811n));
  expect(amounts.reduce((sum, one) => sum + one, 0n)).toBeGreaterThan(captured + 500_000n);

  const session = async (s: number) => {
    const outcomes: { amount: bigint; admitted: boolean }[] = [];
    for (let i = 0; i < each; i++) {
      const amount = amounts[s * each + i] ?? 1n;
      outcomes.push({ amount, admitted: await admitted(debit(paymentId, `race:${paymentId}:${s}:${i}`, 'pending', amount)) });
    }
    return outcomes;
  };
  const outcomes = (await Promise.all(Array.from({ length: SESSIONS }, (_, s) => session(s)))).flat();

  const taken = outcomes.filter(one => one.admitted).reduce((sum, one) => sum + one.amount, 0n);
  const refused = outcomes.filter(one => !one.admitted).map(one => one.amount);
  const left = captured - taken;
  expect(left).toBeGreaterThanOrEqual(0n);
  expect(await balance(paymentId)).toEqual({ captured, refunded: 0n, reserved: taken, refundable: left });
  // Nothing was refused that would have fitted at the end, so nothing was refused that fitted when it came.
  expect(refused.length).toBeGreaterThan(0);
  expect(refused.every(one => one > left)).toBe(true);
});

test('one reservation sent by 64 sessions at once is written once', async () => {
  const paymentId = await bookPayment(database.db, 100n);
  const id = `same:${ids.bare()}`;
  const answers = await Promise.all(Array.from({ length: SESSIONS }, () => debit(paymentId, id, 'pending', 60n)));
  expect(answers.filter(answer => answer === 'written')).toHaveLength(1);
  expect(await balance(paymentId)).toEqual({ captured: 100n, refunded: 0n, reserved: 60n, refundable: 40n });
});
