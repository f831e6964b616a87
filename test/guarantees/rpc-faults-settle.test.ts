import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Stack, startStack } from '#apps/dev/stack';
import type { PaymentView } from '#libs/payments/view';
import { clearFaults, inject, jump, PAST_EXPIRY } from '#test/support/faults';
import { TEST_PACE } from '#test/support/pace';
import { show, signProof } from '#test/support/proofs';
import { expectDead, expectPaidOnce, pendingPayment, servedAtLast, standing } from '#test/support/settlements';
import { openShop, type Shop } from '#test/support/shop';

let stack: Stack;
let shop: Shop;
let purse: string;

beforeAll(async () => {
  stack = await startStack({ env: { ...TEST_PACE, EBB_PACE_BUYER_WAIT_MS: '2000' } });
  shop = await openShop(stack);
  purse = await shop.buyer.tokenAccount();
});
afterEach(() => clearFaults(stack));
afterAll(() => stack?.stop());

describe('I2, I3: a proof pays once, and its buyer is never asked again, when sendTransaction', () => {
  test.each([
    ['takes it and loses its answer', { kind: 'accept_lose_answer' }],
    ['takes it and answers with an error', { kind: 'accept_lose_answer', answer: 'error' }],
    ['answers with an error and takes nothing', { kind: 'error_before_accept' }],
    ['answers and lets nothing land', { kind: 'never_land' }],
    ['shows it at processed and loses it', { kind: 'gone', seen: 'processed' }],
    ['shows an error at processed that becomes a success', { kind: 'error_then_success' }],
    ['is down', { kind: 'unavailable' }],
  ] as const)('%s', async (_how, fault) => {
    const before = await standing(shop);
    const proof = await signProof(shop);
    const set = await inject(stack, { ...fault, method: 'sendTransaction', account: purse, times: 2 });

    const served = await servedAtLast(shop, proof);

    expect(await set.met()).toBeGreaterThan(0);
    await expectPaidOnce(shop, before, served);
  });
});

describe('I2, I3: a proof pays once when the questions for what became of it', () => {
  const asked = ['getSignatureStatuses', 'getSignaturesForAddress', 'getTransaction'];
  test.each([
    ['are answered 503', { kind: 'unavailable', times: 6 }],
    ['are answered 429', { kind: 'rate_limit', times: 6 }],
    ['are answered late', { kind: 'delay', ms: 1_500, times: 3 }],
    ['are answered by a node that is behind', { kind: 'lag', slots: 60, times: 30 }],
  ] as const)('%s', async (_how, fault) => {
    const before = await standing(shop);
    const proof = await signProof(shop);
    const set = await Promise.all(asked.map(method => inject(stack, { ...fault, method })));

    const served = await servedAtLast(shop, proof);

    const met = await Promise.all(set.map(one => one.met()));
    expect(Math.max(...met)).toBeGreaterThan(0);
    await clearFaults(stack);
    await expectPaidOnce(shop, before, served);
  });
});

test('I3: a payment whose transaction never lands is pending, refundable by nobody, and fails only when it is proven dead', async () => {
  const before = await standing(shop);
  const proof = await signProof(shop);
  await inject(stack, { kind: 'never_land', method: 'sendTransaction', account: purse });

  const shown = await show(proof, shop.payUrl);
  expect(shown).toMatchObject({ status: 202, body: { code: 'settlement_pending' } });
  const payment = await pendingPayment(shop);
  const waiting = await shop.api.until<PaymentView>(
    `/v1/payments/${payment.id}`,
    one => one.waiting?.reason === 'awaiting_confirmation',
  );
  expect(waiting).toMatchObject({ status: 'pending', amount_atomic: null, refundable_atomic: '0' });
  expect(await shop.refund(payment.id)).toMatchObject({ status: 409, body: { code: 'payment_not_settled' } });
  expect(await show(proof, shop.payUrl)).toMatchObject({ status: 409, body: { code: 'settlement_in_progress' } });

  // Past a transaction's own life, but not past the life that bytes we did not build may have.
  await jump(stack, 200);
  expect(await show(proof, shop.payUrl)).toMatchObject({ status: 409, body: { code: 'settlement_in_progress' } });

  await jump(stack, PAST_EXPIRY);
  await expectDead(shop, before, proof, payment.id);
  await clearFaults(stack);
  await expectPaidOnce(shop, before, await servedAtLast(shop, await signProof(shop)));
});

test('I3, I7: a payment that cannot be looked for waits and says so, and is settled when the RPC is back', async () => {
  const before = await standing(shop);
  const proof = await signProof(shop);
  for (const method of ['getSignatureStatuses', 'getSignaturesForAddress', 'getTransaction'])
    await inject(stack, { kind: 'unavailable', method });

  expect((await show(proof, shop.payUrl)).status).toBe(202);
  const payment = await pendingPayment(shop);
  await shop.api.until<PaymentView>(`/v1/payments/${payment.id}`, one => one.waiting?.reason === 'rpc_unavailable');
  expect((await show(proof, shop.payUrl)).status).toBe(409);

  await clearFaults(stack);
  await expectPaidOnce(shop, before, await servedAtLast(shop, proof));
});

test('I3: what landed unseen is found when its status is long forgotten', async () => {
  const before = await standing(shop);
  const proof = await signProof(shop);
  for (const method of ['getSignatureStatuses', 'getSignaturesForAddress', 'getTransaction'])
    await inject(stack, { kind: 'unavailable', method });
  expect((await show(proof, shop.payUrl)).status).toBe(202);
  await jump(stack, PAST_EXPIRY);

  await clearFaults(stack);
  await expectPaidOnce(shop, before, await servedAtLast(shop, proof));
});

test('I3: a proof shown while the RPC is gone claims nothing: 503, and the same proof pays when it is back', async () => {
  const before = await standing(shop);
  const proof = await signProof(shop);
  await inject(stack, { kind: 'unavailable' });

  expect(await show(proof, shop.payUrl)).toMatchObject({ status: 503, body: { code: 'chain_unavailable' } });
  expect(await shop.api.all('/v1/payments?status=pending')).toEqual([]);

  await clearFaults(stack);
  await expectPaidOnce(shop, before, await servedAtLast(shop, proof));
});
