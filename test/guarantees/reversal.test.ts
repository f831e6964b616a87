import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Address } from '@solana/kit';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Stack, startStack } from '#apps/dev/stack';
import type { PaymentView } from '#libs/payments/view';
import type { RefundView } from '#libs/refunds/view';
import { eventually } from '#test/support/eventually';
import { clearFaults, inject, jump, PAST_EXPIRY } from '#test/support/faults';
import { violations } from '#test/support/invariants';
import { carriedAgain, commit } from '#test/support/operator';
import { TEST_PACE } from '#test/support/pace';
import { settledBy, show, signProof } from '#test/support/proofs';
import { refundsOnChain } from '#test/support/refunds-on-chain';
import { served } from '#test/support/served';
import { openShop, type Shop } from '#test/support/shop';
import { rows } from '#test/support/sql';
import { currentDetails, operator } from '#test/support/temporal';
import { neverAgain, vanish, vanishingPayment, vanishingRefund } from '#test/support/vanishing';
import { searchAttributes } from '#workflows/contracts/search-attributes';

let stack: Stack;
let shop: Shop;
let purse: Address;
let temporal: ReturnType<typeof operator>;

beforeAll(async () => {
  stack = await startStack({ env: { ...TEST_PACE, EBB_MAX_LEG_DEVNET_ATOMIC: `${PRICE}` }, slotMs: SLOT_MS });
  temporal = operator(stack);
  shop = await openShop(stack);
  purse = await shop.buyer.tokenAccount();
  // What other payments brought: refunds of one that vanishes are paid from it.
  for (let n = 0; n < 3; n++) await shop.paid();
});
afterEach(() => clearFaults(stack));
afterAll(async () => {
  await temporal?.close();
  await stack?.stop();
});

/** What vanishes must be posted first, on a busy machine too. */
const SLOT_MS = 100;
const AMOUNT = 40_000n;
const PRICE = 100_000n;
const LEFT = PRICE - AMOUNT;

const isPending = (payment: PaymentView) => payment.status === 'pending';
const told = async (id: string) =>
  (await rows<{ kind: string }>(stack, 'select kind from events where object_id = $1 order by sequence', [id])).map(
    one => one.kind,
  );
const needsAttention = async (workflowId: string) => {
  const { typedSearchAttributes } = await temporal.client.workflow.getHandle(workflowId).describe();
  return typedSearchAttributes.get(searchAttributes.needsAttention);
};

/** The agent's receipts as a file, verified by the program that a stranger would use. */
async function expectVerified(): Promise<void> {
  const chain = await shop.api.all<{ nonce: number }>(`/v1/receipts/${shop.agent}`);
  const file = join(stack.directory, 'receipts.jsonl');
  writeFileSync(
    file,
    chain
      .toReversed()
      .map(one => JSON.stringify(one))
      .join('\n'),
  );
  const [said] = await stack.run('apps/cli/verify.js', [file]);
  expect(JSON.parse(said ?? '{}')).toEqual({ ok: true, count: chain.length });
}

describe('a refund that was confirmed, posted, and is gone for good', () => {
  test('I1 I2 I4 I5: is taken back in the books, signed anew, and moves its money exactly once', async () => {
    const payment = await shop.paid();
    const before = await shop.buyer.balance();
    const refund = await vanishingRefund(shop, payment.id);
    expect(refund.payment).toMatchObject({ status: 'refunded', refunded_atomic: `${PRICE}` });
    const reopened = await shop.refundIs(refund.id, 'processing');
    expect(reopened).toMatchObject({ completed_at: null, needs_attention: true, waiting: { reason: expect.any(String) } });
    expect(await shop.refund(payment.id, 1n), 'its money is held').toMatchObject({ status: 409 });

    await jump(stack, PAST_EXPIRY);
    const paid = await shop.refundIs(refund.id, 'succeeded');
    expect(paid).toMatchObject({
      moved_atomic: `${PRICE}`,
      needs_attention: false,
      transfers: [{ status: 'posted', attempts: [{ signature: refund.tx_sig, outcome: 'dead' }, { outcome: 'landed' }] }],
      payment: { status: 'refunded', refunded_atomic: `${PRICE}`, reserved_atomic: '0', refundable_atomic: '0' },
    });
    expect(paid.tx_sig).not.toBe(refund.tx_sig);
    expect(paid.receipt_hash).not.toBe(refund.receipt_hash);
    expect((await shop.buyer.balance()) - before).toBe(PRICE);
    expect(await refundsOnChain(stack, purse, refund.id)).toEqual([paid.tx_sig]);
    expect(await told(refund.id)).toEqual([
      'refund.created',
      'refund.processing',
      'refund.succeeded',
      'refund.reopened',
      ...Array.from({ length: (await told(refund.id)).filter(kind => kind === 'refund.updated').length }, () => 'refund.updated'),
      'refund.pending',
      'refund.processing',
      'refund.succeeded',
    ]);
    const kinds = await rows<{ kind: string; voids: string | null }>(
      stack,
      `select kind, body ->> 'voids_receipt_hash' as voids from receipts where refund_id = $1 order by nonce`,
      [refund.id],
    );
    expect(kinds).toEqual([
      { kind: 'refund', voids: null },
      { kind: 'reversal', voids: refund.receipt_hash },
      { kind: 'refund', voids: null },
    ]);
    await expectVerified();
    await shop.api.until<RefundView>(`/v1/refunds/${refund.id}`, one => one.finalized_at !== null);
    expect(await violations(stack)).toEqual([]);
  });

  test('I3: may be canceled once it is proven dead, and not before', async () => {
    const payment = await shop.paid();
    const before = await shop.buyer.balance();
    const refund = await vanishingRefund(shop, payment.id, AMOUNT);
    await shop.refundIs(refund.id, 'processing');
    const cancel = () => shop.api.post<{ code?: string }>(`/v1/refunds/${refund.id}/cancel`, {});
    expect(await cancel()).toMatchObject({ status: 409, body: { code: 'attempt_live' } });

    // Nothing can be signed meanwhile, so that what is proven dead is seen as such.
    await inject(stack, { kind: 'unavailable', method: 'getLatestBlockhash' });
    await jump(stack, PAST_EXPIRY);
    expect(await shop.refundIs(refund.id, 'pending')).toMatchObject({ tx_sig: null, receipt_hash: null, moved_atomic: '0' });
    expect(await cancel()).toMatchObject({ status: 200, body: { status: 'canceled', voided_atomic: `${AMOUNT}` } });
    expect(await shop.payment(payment.id)).toMatchObject({ status: 'settled', refundable_atomic: `${PRICE}` });
    expect(await shop.buyer.balance()).toBe(before);
    await expectVerified();
    expect(await violations(stack)).toEqual([]);
  });
});

test('I2 I7: one leg that is gone, while another is under way, is followed, taken back and paid again; each leg moves once', async () => {
  const dear = await shop.openLink({ price: '$0.15' });
  const payment = await dear.paid();
  const before = await shop.buyer.balance();
  await inject(stack, { kind: 'never_land', method: 'sendTransaction', account: purse });
  await vanish(shop);
  const id = await shop.accepted(payment.id);
  const legs = async (...wanted: string[]) =>
    shop.api.until<RefundView>(`/v1/refunds/${id}`, one => one.transfers.map(leg => leg.status).join() === wanted.join());
  const posted = await legs('posted', 'sent');
  const gone = await legs('sent', 'sent');
  expect(gone).toMatchObject({ status: 'processing', moved_atomic: '0', needs_attention: true });

  await clearFaults(stack);
  await inject(stack, { kind: 'never_land', method: 'sendTransaction', signature: posted.tx_sig ?? '' });
  await jump(stack, PAST_EXPIRY);
  const paid = await shop.refundIs(id, 'succeeded');
  expect(paid).toMatchObject({ moved_atomic: '150000', payment: { status: 'refunded', refunded_atomic: '150000' } });
  expect(paid.transfers[0]?.attempts).toMatchObject([{ signature: posted.tx_sig, outcome: 'dead' }, { outcome: 'landed' }]);
  expect((await shop.buyer.balance()) - before).toBe(150_000n);
  const moved = paid.transfers.map(leg => leg.tx_sig);
  expect((await refundsOnChain(stack, purse, id)).toSorted()).toEqual(moved.toSorted());
  await expectVerified();
  expect(await violations(stack)).toEqual([]);
});

describe('a payment that was confirmed, recorded, and is gone', () => {
  test('I1 I7: is pending, takes no refunds, holds back the unsigned, asks for someone; back on the chain it is as it was', async () => {
    const payment = await vanishingPayment(shop);
    const blind = await inject(stack, { kind: 'unavailable', method: 'getLatestBlockhash' });
    const refund = await shop.accepted(payment.id, AMOUNT);
    const gone = await shop.api.until(`/v1/payments/${payment.id}`, isPending);
    expect(gone).toMatchObject({ needs_attention: true, waiting: { reason: expect.any(String) } });
    await eventually('Temporal asks for someone', () => needsAttention(payment.workflow.id));
    expect(await shop.refund(payment.id, 1n)).toMatchObject({ status: 409, body: { code: 'payment_not_settled' } });
    await blind.clear();
    const held = await shop.api.until<RefundView>(`/v1/refunds/${refund}`, one => one.waiting?.reason === 'payment_unconfirmed');
    expect(held).toMatchObject({ status: 'pending', transfers: [{ attempts: [] }] });

    await clearFaults(stack);
    expect(await shop.refundIs(refund, 'succeeded')).toMatchObject({ payment: { status: 'partially_refunded' } });
    const back = await shop.payment(payment.id);
    expect(back).toMatchObject({
      status: 'partially_refunded',
      tx_sig: payment.tx_sig,
      receipt_hash: payment.receipt_hash,
      needs_attention: false,
      waiting: null,
      refundable_atomic: `${LEFT}`,
    });
    // Whether it is final before or after its refund is the watch's matter.
    expect((await told(payment.id)).filter(kind => kind !== 'payment.finalized')).toEqual([
      'payment.settled',
      'payment.delivered',
      'payment.reopened',
      'payment.settled',
      'payment.partially_refunded',
    ]);
    await eventually('nobody is asked for any more', async () => (await needsAttention(payment.workflow.id)) === false);
    await shop.api.until<PaymentView>(`/v1/payments/${payment.id}`, one => one.finalized_at !== null);
    await expectVerified();
    expect(await violations(stack)).toEqual([]);
  });

  test('I4 I5: and never comes back, is taken back whole, with a break', async () => {
    const before = await shop.buyer.balance();
    const payment = await vanishingPayment(shop);
    await shop.api.until(`/v1/payments/${payment.id}`, isPending);
    await jump(stack, PAST_EXPIRY);

    await expectReversed(payment, 0n);
    expect(await shop.buyer.balance()).toBe(before);
    expect(await violations(stack)).toEqual([]);
  });

  test('I3: its buyer, who was served, is told to come again while it is looked for, and to pay anew once it is taken back', async () => {
    const proof = await signProof(shop);
    await vanish(shop);
    const first = await served(proof, shop.payUrl);
    await neverAgain(shop, settledBy(first));
    const payment = await shop.paymentBySignature(settledBy(first));
    await shop.api.until(`/v1/payments/${payment.id}`, isPending);
    expect(await show(proof, shop.payUrl)).toMatchObject({ status: 409, body: { code: 'settlement_in_progress' } });
    await jump(stack, PAST_EXPIRY);
    await expectReversed(payment, 0n);
    expect((await show(proof, shop.payUrl)).status).toBe(402);
    await clearFaults(stack);
    const before = await shop.buyer.balance();
    await shop.paid();
    expect(before - (await shop.buyer.balance())).toBe(PRICE);
    expect(await violations(stack)).toEqual([]);
  });

  test('I3: and never comes back, fails a refund that nothing was signed for', async () => {
    const before = await shop.buyer.balance();
    const payment = await vanishingPayment(shop);
    await inject(stack, { kind: 'unavailable', method: 'getLatestBlockhash' });
    const refund = await shop.accepted(payment.id, AMOUNT);
    await shop.api.until(`/v1/payments/${payment.id}`, isPending);
    await jump(stack, PAST_EXPIRY);

    await expectReversed(payment, 0n);
    expect(await shop.refundIs(refund, 'failed')).toMatchObject({
      failure: { code: 'payment_reversed' },
      voided_atomic: `${AMOUNT}`,
      transfers: [{ status: 'voided', attempts: [] }],
    });
    const carrier = temporal.client.workflow.getHandle(`refund:${refund}`);
    expect(await carrier.result()).toMatchObject({ status: 'failed' });
    expect(await shop.buyer.balance()).toBe(before);
    expect(await violations(stack)).toEqual([]);
  });

  test('I3 I4: and never comes back, though a refund of it was paid: that is the chain’s loss', async () => {
    const before = await shop.buyer.balance();
    const payment = await vanishingPayment(shop);
    const refund = await shop.accepted(payment.id, AMOUNT);
    const paid = await shop.refundIs(refund, 'succeeded');
    await shop.api.until(`/v1/payments/${payment.id}`, isPending);
    await jump(stack, PAST_EXPIRY);

    await expectReversed(payment, AMOUNT);
    expect(await shop.refundIs(refund, 'succeeded')).toMatchObject({ tx_sig: paid.tx_sig, moved_atomic: `${AMOUNT}` });
    expect((await shop.buyer.balance()) - before).toBe(AMOUNT);
    expect(await violations(stack)).toEqual([]);
  });

  test('I7: and is proven dead while a refund of it may still land, waits for that, says so, and then ends by itself', async () => {
    const before = await shop.buyer.balance();
    const payment = await vanishingPayment(shop);
    await inject(stack, { kind: 'never_land', method: 'sendTransaction', account: purse });
    const refund = await shop.accepted(payment.id, AMOUNT);
    const live = await eventually('a live attempt', async () => {
      const one = await shop.api.read<RefundView>(`/v1/refunds/${refund}`);
      return one.transfers[0]?.attempts[0]?.signature;
    });
    await shop.api.until(`/v1/payments/${payment.id}`, isPending);
    // Past the lives of both, but nobody can say so of the refund.
    const unsure = await inject(stack, { kind: 'unavailable', signature: live });
    await jump(stack, PAST_EXPIRY);
    const waiting = await shop.api.until<PaymentView>(
      `/v1/payments/${payment.id}`,
      one => one.waiting?.ends_when.includes('refund') === true,
    );
    expect(waiting).toMatchObject({ status: 'pending', needs_attention: true, waiting: { reason: 'outcome_unknown' } });
    const carrier = temporal.client.workflow.getHandle(payment.workflow.id);
    await eventually('Temporal shows the wait', async () => (await currentDetails(carrier)).includes('outcome_unknown'));
    expect(await needsAttention(payment.workflow.id)).toBe(true);
    expect(await shop.refund(payment.id, 1n)).toMatchObject({ status: 409, body: { code: 'payment_not_settled' } });

    // Nor does it hang on the workflow that waits.
    const lost = await commit(temporal.client, payment.workflow.id, 'terminate');
    await carriedAgain(temporal.client, payment.workflow.id, lost);
    await unsure.clear();
    await expectReversed(payment, 0n);
    expect(await shop.refundIs(refund, 'failed')).toMatchObject({ failure: { code: 'payment_reversed' } });
    expect(await needsAttention(payment.workflow.id)).toBe(false);
    expect(await shop.buyer.balance()).toBe(before);
    expect(await violations(stack)).toEqual([]);
  });
});

/** The payment failed and was taken back, what was given back of it is loss, somebody is told to look, and the chain verifies. */
async function expectReversed(payment: PaymentView, loss: bigint): Promise<void> {
  const failed = await shop.api.until<PaymentView>(`/v1/payments/${payment.id}`, one => one.status === 'failed');
  expect(failed).toMatchObject({
    failure: { code: 'payment_reversed' },
    refunded_atomic: `${loss}`,
    reserved_atomic: '0',
    refundable_atomic: '0',
    waiting: null,
    needs_attention: false,
  });
  expect(await shop.refund(payment.id)).toMatchObject({ status: 409, body: { code: 'payment_not_settled' } });
  const breaks = await rows<{ id: string }>(
    stack,
    `select id, kind, status, expected, found, detail ->> 'chain_loss_atomic' as loss from breaks where object_id = $1`,
    [payment.id],
  );
  expect(breaks).toMatchObject([{ kind: 'payment_reversed', status: 'open', expected: `${PRICE}`, found: '0', loss: `${loss}` }]);
  expect(await told(breaks[0]?.id ?? '')).toEqual(['reconciliation.break_opened']);
  expect((await told(payment.id)).at(-1)).toBe('payment.failed');
  await expectVerified();
}
