import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Stack } from '#apps/dev/stack';
import type { BuyerStatus } from '#libs/payments/buyer-status';
import type { PaymentView } from '#libs/payments/view';
import type { Receipt } from '#libs/receipts/body';
import { finalized, startTestStack } from '#test/support/given-chain';
import { violations } from '#test/support/invariants';
import { TEST_PACE } from '#test/support/pace';
import { settledBy, show, signProof } from '#test/support/proofs';
import { refundsOnChain } from '#test/support/refunds-on-chain';
import { openShop, type Shop } from '#test/support/shop';

let stack: Stack;
let shop: Shop;
let folder: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'ebb-receipts-'));
  chmodSync(folder, 0o755);
  stack = await startTestStack({ env: TEST_PACE });
  shop = await openShop(stack);
});
afterAll(async () => {
  await stack?.stop();
  rmSync(folder, { recursive: true });
});

/** Verifies a file with the program that an auditor has. */
async function verified(lines: readonly object[]): Promise<unknown> {
  const file = join(folder, 'receipts.jsonl');
  writeFileSync(file, lines.map(line => JSON.stringify(line)).join('\n'));
  const [said] = await stack.run('apps/cli/verify.js', [file]);
  return JSON.parse(said ?? '');
}

test('the official client pays; the payment is refunded in parts by id, transaction and receipt; chain, books and receipts agree', async () => {
  const before = await shop.buyer.balance();
  const answer = await shop.pay();
  expect(answer.status).toBe(200);
  expect(await answer.json()).toEqual({ ok: true });
  const settled = JSON.parse(Buffer.from(answer.headers.get('payment-response') ?? '', 'base64').toString());
  expect(settled).toMatchObject({ success: true, payer: shop.buyer.address });
  expect(before - (await shop.buyer.balance())).toBe(100_000n);

  const payment = await shop.paymentBySignature(settled.transaction);
  expect(payment).toMatchObject({
    status: 'settled',
    amount_atomic: '100000',
    currency: 'USDC',
    payer: { owner: shop.buyer.address, token_account: await shop.buyer.tokenAccount() },
    refundable_atomic: '100000',
    delivery: { status: 'delivered' },
  });
  const [earned] = await shop.api.all<Receipt>(`/v1/receipts/${shop.agent}`);
  expect(earned).toMatchObject({ kind: 'earn', tx_sig: settled.transaction, receipt_hash: payment.receipt_hash });

  const names = [
    [{ payment_id: payment.id }, '40000'],
    [{ original_tx_sig: payment.tx_sig }, '25000'],
    [{ original_receipt_hash: payment.receipt_hash }, '5000'],
  ] as const;
  for (const [name, amount_atomic] of names) {
    const body = { ...name, amount_atomic, reason: 'requested_by_customer', client_reference: 'order 7' };
    const accepted = await shop.api.post<{ id: string; status: string }>('/v1/payments/refund', body);
    expect(accepted).toMatchObject({ status: 201, body: { payment_id: payment.id, amount_atomic, client_reference: 'order 7' } });
    const refund = await shop.refundIs(accepted.body.id, 'succeeded');
    expect(refund).toMatchObject({
      moved_atomic: amount_atomic,
      payer_receives_atomic: amount_atomic,
      voided_atomic: '0',
      waiting: null,
    });
    expect(await refundsOnChain(stack, await shop.buyer.tokenAccount(), refund.id)).toEqual([refund.tx_sig]);
  }
  expect(before - (await shop.buyer.balance())).toBe(30_000n);
  expect(await shop.payment(payment.id)).toMatchObject({
    status: 'partially_refunded',
    refunded_atomic: '70000',
    refundable_atomic: '30000',
  });

  const tooMuch = await shop.refund(payment.id, 30_001n);
  expect(tooMuch).toMatchObject({
    status: 422,
    body: { code: 'refund_exceeds_remaining', requested_atomic: '30001', refundable_atomic: '30000' },
  });
  const rest = await shop.refundIs(await shop.accepted(payment.id), 'succeeded');
  expect(rest.amount_atomic).toBe('30000');
  expect(await shop.buyer.balance()).toBe(before);
  expect(await shop.payment(payment.id)).toMatchObject({ status: 'refunded', refunded_atomic: '100000', refundable_atomic: '0' });
  expect(await shop.refund(payment.id, 1n)).toMatchObject({ status: 409, body: { code: 'payment_already_refunded' } });
  expect(await violations(stack)).toEqual([]);
});

test('the receipts of a payment and its refunds verify offline, and not when one of them is altered or left out', async () => {
  const payment = await shop.paid();
  await shop.refundIs(await shop.accepted(payment.id, 60_000n), 'succeeded');
  await shop.refundIs(await shop.accepted(payment.id), 'succeeded');
  const chain = (await shop.api.all<Receipt>(`/v1/receipts/${shop.agent}`)).reverse();
  const refunds = chain.filter(one => one.kind === 'refund' && one.original_tx_sig === payment.tx_sig);
  expect(refunds).toMatchObject([
    {
      sequence: 1,
      remaining_refundable_atomic: '40000',
      price: { amount: '60000' },
      original_receipt_hash: payment.receipt_hash,
    },
    { sequence: 2, remaining_refundable_atomic: '0', price: { amount: '40000' }, original_receipt_hash: payment.receipt_hash },
  ]);

  expect(await verified(chain)).toEqual({ ok: true, count: chain.length });
  expect(await shop.api.post('/v1/receipts/verify', { chain })).toMatchObject({
    status: 200,
    body: { ok: true, count: chain.length },
  });
  const forged = chain.map(one => (one === refunds[0] ? { ...one, price: { ...one.price, amount: '1' } } : one));
  await expect(verified(forged)).rejects.toThrow(/"ok":false/);
  await expect(verified(chain.filter(one => one !== refunds[0]))).rejects.toThrow(/"ok":false/);
});

test('the buyer follows payment and refunds by the page in their answer, without a key', async () => {
  const shown = await show(await signProof(shop), shop.payUrl);
  expect(shown.status).toBe(200);
  const page = shown.headers.get('x-ebb-status') ?? '';
  const read = async () => (await (await fetch(page)).json()) as BuyerStatus;
  expect(await read()).toMatchObject({
    payment: { status: 'settled', amount_atomic: '100000', tx_sig: settledBy(shown) },
    delivery: { status: 'delivered' },
    refunds: [],
  });

  const { id } = await shop.paymentBySignature(settledBy(shown));
  const refund = await shop.refundIs(await shop.accepted(id, 10_000n), 'succeeded');
  expect(await read()).toMatchObject({
    payment: { status: 'partially_refunded' },
    refunds: [{ id: refund.id, status: 'succeeded', amount_atomic: '10000', tx_sig: refund.tx_sig }],
  });
  const guessed = `${page.slice(0, -1)}${page.endsWith('A') ? 'B' : 'A'}`;
  expect((await fetch(guessed)).status).toBe(404);
});

test('payment and refund are stamped when the chain has finalized them', async () => {
  const payment = await shop.paid();
  const id = await shop.accepted(payment.id, 20_000n);
  await shop.refundIs(id, 'succeeded');
  const stamped = await finalized('payment and refund are finalized', async () => {
    const now = await shop.api.read<PaymentView>(`/v1/payments/${payment.id}`);
    const refund = await shop.api.read<{ finalized_at: string | null; status: string }>(`/v1/refunds/${id}`);
    return now.finalized_at !== null && refund.finalized_at !== null && { now, refund };
  });
  expect(stamped).toMatchObject({ now: { status: 'partially_refunded' }, refund: { status: 'succeeded' } });
});
