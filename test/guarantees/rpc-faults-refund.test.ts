import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Stack, startStack } from '#apps/dev/stack';
import type { RefundView } from '#libs/refunds/view';
import { eventually } from '#test/support/eventually';
import { clearFaults, inject, jump, PAST_EXPIRY, type SetFault } from '#test/support/faults';
import { violations } from '#test/support/invariants';
import { TEST_PACE } from '#test/support/pace';
import { transactionsOf } from '#test/support/proofs';
import { admin, openShop, type Shop } from '#test/support/shop';
import { rows } from '#test/support/sql';
import { currentDetails, eventTypes, operator } from '#test/support/temporal';

let stack: Stack;
let shop: Shop;
let purse: string;
let temporal: ReturnType<typeof operator>;

beforeAll(async () => {
  stack = await startStack({ env: TEST_PACE });
  temporal = operator(stack);
  shop = await openShop(stack);
  purse = await shop.buyer.tokenAccount();
});
afterEach(() => clearFaults(stack));
afterAll(async () => {
  await temporal?.close();
  await stack?.stop();
});

const AMOUNT = 40_000n;

/** A settled payment and what the buyer held, before a refund meets a fault. */
async function settled() {
  const payment = await shop.paid();
  return { payment, balance: await shop.buyer.balance(), transactions: (await transactionsOf(stack.urls.rpc, purse)).length };
}

/** The refund moved its money in exactly one transaction, the one it names, and everything else still holds. */
async function expectOnce(start: Awaited<ReturnType<typeof settled>>, refund: RefundView): Promise<void> {
  expect(refund).toMatchObject({ status: 'succeeded', moved_atomic: `${AMOUNT}`, waiting: null, needs_attention: false });
  const after = await transactionsOf(stack.urls.rpc, purse);
  expect(after.length - start.transactions).toBe(1);
  expect(after[0]).toBe(refund.tx_sig);
  expect((await shop.buyer.balance()) - start.balance).toBe(AMOUNT);
  expect(await shop.payment(start.payment.id)).toMatchObject({
    refunded_atomic: `${AMOUNT}`,
    reserved_atomic: '0',
    refundable_atomic: `${100_000n - AMOUNT}`,
  });
  expect(await violations(stack)).toEqual([]);
}

/** The refund waits, the API and Temporal say for what, and its money is reserved: nothing more than the rest can be had. */
async function expectHeld(paymentId: string, refundId: string, wanted: { status: string; reason: string }): Promise<RefundView> {
  const refund = await shop.api.until<RefundView>(
    `/v1/refunds/${refundId}`,
    one => one.waiting?.reason === wanted.reason && one.status === wanted.status,
  );
  const carrier = temporal.client.workflow.getHandle(refund.workflow.id);
  await eventually('Temporal shows the wait', async () => (await currentDetails(carrier)).includes(wanted.reason));
  expect(await eventTypes(carrier)).not.toContain('ACTIVITY_TASK_TIMED_OUT');
  expect(refund.payment).toMatchObject({
    refunded_atomic: '0',
    reserved_atomic: `${AMOUNT}`,
    refundable_atomic: `${100_000n - AMOUNT}`,
  });
  expect(await shop.refund(paymentId, 100_000n - AMOUNT + 1n)).toMatchObject({
    status: 422,
    body: { code: 'refund_exceeds_remaining', refundable_atomic: `${100_000n - AMOUNT}` },
  });
  return refund;
}

const attemptsOf = (refund: RefundView) => refund.transfers[0]?.attempts ?? [];

/** The signature of the attempt that is stored and not proven dead. */
const liveSignature = (refundId: string): Promise<string> =>
  eventually('a live attempt', async () => {
    const refund = await shop.api.read<RefundView>(`/v1/refunds/${refundId}`);
    return attemptsOf(refund).find(one => one.outcome === 'live')?.signature;
  });

describe('I2, I3: one attempt, sent again, moves a refund once when sendTransaction', () => {
  test.each([
    ['takes it and loses its answer', { kind: 'accept_lose_answer' }],
    ['takes it and answers with an error', { kind: 'accept_lose_answer', answer: 'error' }],
    ['answers with an error and takes nothing', { kind: 'error_before_accept' }],
    ['refuses the bytes', { kind: 'error_before_accept', code: -32602, message: 'invalid transaction' }],
    ['answers and lets nothing land', { kind: 'never_land' }],
    ['shows it at processed and loses it', { kind: 'gone', seen: 'processed' }],
    ['shows an error at processed that becomes a success', { kind: 'error_then_success' }],
    ['is down', { kind: 'unavailable' }],
    ['breaks off in its answer', { kind: 'reset_mid_body' }],
  ] as const)('%s', async (_how, fault) => {
    const start = await settled();
    const met = await inject(stack, { ...fault, method: 'sendTransaction', account: purse, times: 2 });

    const id = await shop.accepted(start.payment.id, AMOUNT);
    const refund = await shop.refundIs(id, 'succeeded');

    expect(await met.met()).toBeGreaterThan(0);
    expect(attemptsOf(refund)).toMatchObject([{ attempt: 1, outcome: 'landed' }]);
    await expectOnce(start, refund);
  });
});

describe('I2, I3: one attempt moves a refund once when the question for its status', () => {
  test.each([
    ['is answered 503', { kind: 'unavailable' }],
    ['is answered 429', { kind: 'rate_limit' }],
    ['is answered late', { kind: 'delay', ms: 700, after: true }],
    ['is answered by a node that is behind', { kind: 'lag', slots: 60 }],
    ['is answered by a node whose cache forgets', { kind: 'forget_statuses' }],
  ] as const)('%s', async (_how, fault) => {
    const start = await settled();
    const met = await inject(stack, { ...fault, method: 'getSignatureStatuses', times: 8 });

    const refund = await shop.refundIs(await shop.accepted(start.payment.id, AMOUNT), 'succeeded');

    expect(await met.met()).toBeGreaterThan(0);
    expect(attemptsOf(refund)).toHaveLength(1);
    await expectOnce(start, refund);
  });
});

test('I2: a worker whose first node is behind, and its second is not, pays once', async () => {
  const worker = stack.part('worker');
  await admin(stack, 'POST', '/lag', { slots: 100 });
  await worker.stop();
  await worker.start({ SOLANA_DEVNET_RPC_URL: `${stack.urls.laggingRpc},${stack.urls.rpc}` });
  const start = await settled();

  const refund = await shop.refundIs(await shop.accepted(start.payment.id, AMOUNT), 'succeeded');

  expect(attemptsOf(refund)).toMatchObject([{ outcome: 'landed' }]);
  await expectOnce(start, refund);
  await worker.stop();
  await worker.start();
});

test('I3: of two nodes one has lost every trace of a transfer that landed: they disagree, and nothing is signed anew', async () => {
  const worker = stack.part('worker');
  await worker.stop();
  await worker.start({ SOLANA_DEVNET_RPC_URL: `${stack.urls.rpc},${stack.urls.laggingRpc}` });
  const start = await settled();
  await inject(stack, { kind: 'unavailable', method: 'getSignatureStatuses' });
  const id = await shop.accepted(start.payment.id, AMOUNT);
  const first = await liveSignature(id);
  await eventually('the transfer on the chain', async () => (await shop.buyer.balance()) > start.balance);
  await jump(stack, PAST_EXPIRY);
  await clearFaults(stack);
  await inject(stack, { kind: 'forget_statuses', history: true, signature: first, node: 'main' });

  const refund = await shop.refundIs(id, 'succeeded');
  expect(attemptsOf(refund)).toMatchObject([{ signature: first, outcome: 'landed' }]);
  await clearFaults(stack);
  await expectOnce(start, refund);
  await worker.stop();
  await worker.start();
});

test('I2: an attempt that expired and is absent is proven dead, and only then the next is signed and lands', async () => {
  const start = await settled();
  const nothingLands = await inject(stack, { kind: 'never_land', method: 'sendTransaction', account: purse });
  const id = await shop.accepted(start.payment.id, AMOUNT);
  const first = await liveSignature(id);
  await inject(stack, { kind: 'never_land', method: 'sendTransaction', signature: first });
  await nothingLands.clear();
  const held = await expectHeld(start.payment.id, id, { status: 'processing', reason: 'awaiting_confirmation' });
  expect(attemptsOf(held)).toMatchObject([{ attempt: 1, signature: first, outcome: 'live' }]);

  await jump(stack, PAST_EXPIRY);
  const refund = await shop.refundIs(id, 'succeeded');

  expect(attemptsOf(refund)).toMatchObject([
    { attempt: 1, signature: first, outcome: 'dead' },
    { attempt: 2, signature: refund.tx_sig, outcome: 'landed' },
  ]);
  const [verdict] = await rows<{ verdict: object }>(stack, 'select verdict from attempts where signature = $1', [first]);
  expect(verdict?.verdict).toMatchObject({ kind: 'expired_and_absent', providers: 1 });
  await expectOnce(start, refund);
});

test('I2: an attempt that failed on chain is dead at finalized, and only then the next is signed and lands', async () => {
  const start = await settled();
  await inject(stack, { kind: 'fail_on_chain', method: 'sendTransaction', account: purse, times: 1 });

  const refund = await shop.refundIs(await shop.accepted(start.payment.id, AMOUNT), 'succeeded');

  expect(attemptsOf(refund)).toMatchObject([{ outcome: 'dead' }, { outcome: 'landed' }]);
  const [verdict] = await rows<{ verdict: object }>(stack, 'select verdict from attempts where signature = $1', [
    attemptsOf(refund)[0]?.signature,
  ]);
  expect(verdict?.verdict).toMatchObject({ kind: 'failed_at_finalized' });
  await expectOnce(start, refund);
});

describe('I3: past its expiry, an attempt is not dead while', () => {
  test.each([
    ['the node lacks blocks in between', { kind: 'gap', from_slot: 0, to_slot: 1_000_000_000, method: 'getBlocks' }],
    ['the node that is asked is behind', { kind: 'lag', slots: 250, method: 'getSignatureStatuses' }],
    ['the question for absence is refused', { kind: 'rate_limit', method: 'getBlocks' }],
    ['the question for absence hangs', { kind: 'delay', method: 'getBlocks', ms: 60_000 }],
  ] as const)('%s', async (_how, blindness) => {
    const start = await settled();
    const nothingLands = await inject(stack, { kind: 'never_land', method: 'sendTransaction', account: purse });
    const id = await shop.accepted(start.payment.id, AMOUNT);
    const first = await liveSignature(id);
    const blind = await inject(stack, blindness);
    await jump(stack, PAST_EXPIRY);

    const reason = ['rate_limit', 'delay'].includes(blindness.kind) ? 'rpc_unavailable' : 'outcome_unknown';
    const held = await expectHeld(start.payment.id, id, { status: 'processing', reason });
    expect(attemptsOf(held)).toMatchObject([{ signature: first, outcome: 'live' }]);

    await nothingLands.clear();
    await blind.clear();
    const refund = await shop.refundIs(id, 'succeeded');
    expect(attemptsOf(refund)).toMatchObject([{ signature: first, outcome: 'dead' }, { outcome: 'landed' }]);
    await expectOnce(start, refund);
  });
});

test('I2: an attempt that landed unseen is found in history, when its status is forgotten and it would have expired', async () => {
  const start = await settled();
  const blind = await inject(stack, { kind: 'unavailable', method: 'getSignatureStatuses' });
  const id = await shop.accepted(start.payment.id, AMOUNT);
  const first = await liveSignature(id);
  await eventually('the transfer on the chain', async () => (await shop.buyer.balance()) > start.balance);
  const held = await expectHeld(start.payment.id, id, { status: 'processing', reason: 'rpc_unavailable' });
  expect(attemptsOf(held)).toMatchObject([{ signature: first, outcome: 'live' }]);

  await jump(stack, PAST_EXPIRY);
  await blind.clear();
  const refund = await shop.refundIs(id, 'succeeded');
  expect(attemptsOf(refund)).toMatchObject([{ signature: first, outcome: 'landed' }]);
  await expectOnce(start, refund);
});

describe('I3, I7: a refund waits for the RPC, says so, and ends when it is back; the RPC', () => {
  const outages: [string, () => Promise<SetFault>][] = [
    ['answers 503', () => inject(stack, { kind: 'unavailable' })],
    ['answers 429', () => inject(stack, { kind: 'rate_limit' })],
    ['does not answer at all', () => inject(stack, { kind: 'delay', ms: 60_000 })],
  ];
  test.each(outages)('%s before anything is signed', async (_how, fail) => {
    const start = await settled();
    const outage = await fail();
    const id = await shop.accepted(start.payment.id, AMOUNT);

    const held = await expectHeld(start.payment.id, id, { status: 'pending', reason: 'rpc_unavailable' });
    expect(attemptsOf(held)).toEqual([]);

    await outage.clear();
    await expectOnce(start, await shop.refundIs(id, 'succeeded'));
  });

  test.each(outages)('%s after the transfer was signed', async (_how, fail) => {
    const start = await settled();
    await inject(stack, { kind: 'never_land', method: 'sendTransaction', account: purse });
    const id = await shop.accepted(start.payment.id, AMOUNT);
    const first = await liveSignature(id);
    await fail();

    const held = await expectHeld(start.payment.id, id, { status: 'processing', reason: 'rpc_unavailable' });
    expect(attemptsOf(held)).toMatchObject([{ signature: first, outcome: 'live' }]);

    await clearFaults(stack);
    await expectOnce(start, await shop.refundIs(id, 'succeeded'));
  });
});
