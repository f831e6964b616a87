import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { type Stack, startStack } from '#apps/dev/stack';
import { readConfig } from '#libs/config/config';
import type { PaymentView } from '#libs/payments/view';
import { eventually } from '#test/support/eventually';
import { clearFaults, inject, jump, PAST_EXPIRY } from '#test/support/faults';
import { violations } from '#test/support/invariants';
import { bothSides, type Kill, told, Victim } from '#test/support/kills';
import { TEST_PACE } from '#test/support/pace';
import { settledBy, show, signProof } from '#test/support/proofs';
import { refundsOnChain } from '#test/support/refunds-on-chain';
import { served } from '#test/support/served';
import { admin, openShop, type Shop } from '#test/support/shop';
import { rows } from '#test/support/sql';
import { openTemporal } from '#workflows/client/connect';

/** Steps that only trouble leads to, each list with the trouble of its tests below. */
const REFUSED = bothSides('settle.refuse');
const SLOW = bothSides('settle.prove', 'settle.wait');
const LOST = bothSides('settle.fail');
const FROZEN = bothSides('refund.wait');
const UNSEEN = bothSides('refund.prove');
const DEAD: Kill[] = bothSides('refund.store').map(kill => ({ ...kill, nth: 2 }));
const FINAL = bothSides('finality.status', 'finality.stamp');
const GONE = bothSides('finality.gone');
const ABANDONED = bothSides('overdue.restart');
const STARTING = bothSides('worker.schedules');
const PRICE = 100_000n;
const AMOUNT = 1_000n;
/** Slots long enough that no transaction expires while a process starts again on a busy machine. */
const SLOT_MS = 100;

let stack: Stack;
let shop: Shop;
let payment: PaymentView;
let worker: Victim;

beforeAll(async () => {
  stack = await startStack({ env: { ...TEST_PACE, EBB_PACE_ACTIVITY_MS: '1000', EBB_PACE_OVERDUE_MS: '1000' }, slotMs: SLOT_MS });
  shop = await openShop(stack);
  payment = await shop.paid();
  worker = new Victim(stack, 'worker', [...REFUSED, ...SLOW, ...LOST, ...FROZEN, ...UNSEEN, ...DEAD, ...FINAL, ...GONE]);
});
afterEach(() => clearFaults(stack));
afterAll(() => stack?.stop());

/** Freezes the buyer's tokens, or thaws them. */
const freeze = async (frozen: boolean) => admin(stack, 'POST', '/account', { address: await shop.buyer.tokenAccount(), frozen });

async function expectPaidOnce(refund: string, before: bigint): Promise<void> {
  const ended = await shop.refundIs(refund, 'succeeded');
  expect((await shop.buyer.balance()) - before).toBe(AMOUNT);
  expect(await refundsOnChain(stack, await shop.buyer.tokenAccount(), refund)).toEqual([ended.tx_sig]);
  expect(await violations(stack)).toEqual([]);
}

/** The payment failed, took nothing, and said so once; the buyer may pay anew, and then pays once. */
async function expectNothingTaken(memo: string, before: bigint): Promise<void> {
  expect(await shop.buyer.balance()).toBe(before);
  const failed = await rows(
    stack,
    `select from payments join events on events.object_id = payments.id
     where memo = $1 and status = 'failed' and events.kind = 'payment.failed'`,
    [memo],
  );
  expect(failed).toHaveLength(1);
  expect((await shop.pay()).status).toBe(200);
  expect(before - (await shop.buyer.balance())).toBe(PRICE);
  expect(await violations(stack)).toEqual([]);
}

for (const kill of REFUSED) {
  test(`I3: a worker killed ${told(kill)} tells of a refusal, and takes nothing`, async () => {
    const before = await shop.buyer.balance();
    await worker.doom(kill);
    const proof = await signProof(shop);
    await freeze(true);

    const answering = show(proof, shop.payUrl);
    await worker.died(kill);
    await worker.revive(kill);

    expect((await answering).status).toBe(402);
    await freeze(false);
    await expectNothingTaken(memoOf(proof), before);
  });
}

for (const kill of SLOW) {
  test(`I3: a worker killed ${told(kill)} has nobody pay twice`, async () => {
    const before = await shop.buyer.balance();
    await worker.doom(kill);
    const proof = await signProof(shop);
    await inject(stack, { kind: 'never_land', method: 'sendTransaction' });

    const answering = show(proof, shop.payUrl);
    await worker.died(kill);
    await clearFaults(stack);
    await worker.revive(kill);

    const answer = await served(proof, shop.payUrl, answering);
    expect(answer.body).toEqual({ ok: true });
    expect(await shop.paymentBySignature(settledBy(answer))).toMatchObject({ status: 'settled', amount_atomic: `${PRICE}` });
    expect(before - (await shop.buyer.balance())).toBe(PRICE);
    expect(await violations(stack)).toEqual([]);
  });
}

for (const kill of LOST) {
  test(`I3: a worker killed ${told(kill)} fails what is proven dead, and only that`, async () => {
    const before = await shop.buyer.balance();
    await worker.doom(kill);
    const proof = await signProof(shop);
    await inject(stack, { kind: 'never_land', method: 'sendTransaction' });

    const answering = show(proof, shop.payUrl);
    await eventually('it is submitted', async () => {
      const submitted = await rows(stack, 'select from payments where memo = $1 and submitted_at is not null', [memoOf(proof)]);
      return submitted.length > 0;
    });
    await jump(stack, PAST_EXPIRY);
    await worker.died(kill);
    await clearFaults(stack);
    await worker.revive(kill);

    expect((await answering).status).toBe(402);
    await expectNothingTaken(memoOf(proof), before);
  });
}

for (const kill of FROZEN) {
  test(`I7: a worker killed ${told(kill)} says what the refund waits for, and pays once`, async () => {
    const before = await shop.buyer.balance();
    await freeze(true);
    await worker.doom(kill);

    const refund = await shop.accepted(payment.id, AMOUNT);
    await worker.died(kill);
    await worker.revive(kill);

    await shop.api.until<{ waiting: { reason: string } | null }>(
      `/v1/refunds/${refund}`,
      one => one.waiting?.reason === 'destination_frozen',
    );
    await freeze(false);
    await expectPaidOnce(refund, before);
  });
}

for (const kill of UNSEEN) {
  test(`I2: a worker killed ${told(kill)} sends the same bytes again, and pays once`, async () => {
    const before = await shop.buyer.balance();
    await inject(stack, { kind: 'never_land', method: 'sendTransaction' });
    await worker.doom(kill);

    const refund = await shop.accepted(payment.id, AMOUNT);
    await worker.died(kill);
    await clearFaults(stack);
    await worker.revive(kill);

    await expectPaidOnce(refund, before);
    expect(await attemptsOf(refund)).toEqual(['landed']);
  });
}

for (const kill of DEAD) {
  test(`I2: a worker killed ${told(kill)} signs anew only what is dead, and pays once`, async () => {
    const before = await shop.buyer.balance();
    await inject(stack, { kind: 'never_land', method: 'sendTransaction' });
    await worker.doom(kill);

    const refund = await shop.accepted(payment.id, AMOUNT);
    await eventually('an attempt is stored', async () => (await attemptsOf(refund)).length > 0);
    await jump(stack, PAST_EXPIRY);
    await worker.died(kill);
    await clearFaults(stack);
    await worker.revive(kill);

    await expectPaidOnce(refund, before);
    expect(await attemptsOf(refund)).toEqual(['dead', 'landed']);
  });
}

for (const kill of FINAL) {
  test(`I6: a worker killed ${told(kill)} says once that a payment is final`, async () => {
    await worker.doom(kill);

    const paying = shop.paid();
    await worker.died(kill);
    await worker.revive(kill);

    const { id } = await paying;
    await shop.api.until<PaymentView>(`/v1/payments/${id}`, one => one.finalized_at !== null);
    const told = await rows(stack, `select from events where object_id = $1 and kind = 'payment.finalized'`, [id]);
    expect(told).toHaveLength(1);
    expect(await violations(stack)).toEqual([]);
  });
}

for (const kill of GONE) {
  test(`I2: a worker killed ${told(kill)} brings back a refund that the chain had lost, once`, async () => {
    const before = await shop.buyer.balance();
    await inject(stack, { kind: 'gone', seen: 'confirmed', slots: 20, method: 'sendTransaction', times: 1 });
    await worker.doom(kill);

    const refund = await shop.accepted(payment.id, AMOUNT);
    await worker.died(kill);
    await worker.revive(kill);

    await shop.api.until<{ finalized_at: string | null }>(`/v1/refunds/${refund}`, one => one.finalized_at !== null);
    await expectPaidOnce(refund, before);
    const told = await rows<{ kind: string }>(
      stack,
      `select kind from events where object_id = $1 and kind in ('refund.reopened', 'refund.finalized') order by sequence`,
      [refund],
    );
    expect(told.map(event => event.kind)).toEqual(['refund.reopened', 'refund.finalized']);
  });
}

for (const kill of ABANDONED) {
  test(`I7: a worker killed ${told(kill)} strands no refund whose workflow is gone`, async () => {
    const before = await shop.buyer.balance();
    await freeze(true);
    const refund = await shop.accepted(payment.id, AMOUNT);
    await shop.api.until<{ waiting: { reason: string } | null }>(
      `/v1/refunds/${refund}`,
      one => one.waiting?.reason === 'destination_frozen',
    );
    await worker.part.kill();
    const temporal = openTemporal(readConfig({ ...stack.env }));
    await temporal.client.workflow.getHandle(`refund:${refund}`).terminate('a person in the UI');
    await temporal.close();
    await freeze(false);
    await eventually('it is overdue', async () => {
      const overdue = await rows(stack, 'select from refunds where id = $1 and next_due_at < now()', [refund]);
      return overdue.length > 0;
    });

    await worker.doomAtStart(kill);
    await worker.died(kill);
    await worker.revive(kill);

    await expectPaidOnce(refund, before);
  });
}

for (const kill of STARTING) {
  test(`I7: a worker killed ${told(kill)} finds its Schedules at its next start`, async () => {
    const before = await shop.buyer.balance();
    await worker.doomAtStart(kill);
    await worker.died(kill);
    const refund = await shop.accepted(payment.id, AMOUNT);
    await worker.revive(kill);

    await expectPaidOnce(refund, before);
    await shop.api.until<{ finalized_at: string | null }>(`/v1/refunds/${refund}`, one => one.finalized_at !== null);
  });
}

const memoOf = (proof: Record<string, string>): string => {
  const shown = JSON.parse(Buffer.from(proof['PAYMENT-SIGNATURE'] ?? '', 'base64').toString());
  return (shown as { accepted: { extra: { memo: string } } }).accepted.extra.memo;
};

async function attemptsOf(refund: string): Promise<string[]> {
  const found = await rows<{ outcome: string }>(
    stack,
    `select outcome from attempts join attempt_legs on attempt_id = attempts.id join legs on legs.id = leg_id
     where refund_id = $1 order by number`,
    [refund],
  );
  return found.map(one => one.outcome);
}
