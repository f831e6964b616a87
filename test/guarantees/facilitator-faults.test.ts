import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Stack, startStack } from '#apps/dev/stack';
import type { PaymentView } from '#libs/payments/view';
import { type Interference, type Meddler, openMeddler } from '#test/support/facilitators';
import { clearFaults, inject, jump, PAST_EXPIRY } from '#test/support/faults';
import { TEST_PACE } from '#test/support/pace';
import { show, signProof } from '#test/support/proofs';
import { expectDead, expectPaidOnce, pendingPayment, servedAtLast, standing } from '#test/support/settlements';
import { openShop, type Shop } from '#test/support/shop';

let meddler: Meddler;
let stack: Stack;
let shop: Shop;

beforeAll(async () => {
  let facilitator = '';
  meddler = await openMeddler(() => facilitator);
  const env = { ...TEST_PACE, EBB_PACE_BUYER_WAIT_MS: '2000', EBB_FACILITATOR_DEVNET_URL: meddler.url };
  stack = await startStack({ env, given: {} });
  facilitator = `http://127.0.0.1:${stack.env.EBB_FACILITATOR_PORT}`;
  shop = await openShop(stack);
});
afterEach(async () => {
  meddler.interfere = null;
  await clearFaults(stack);
});
afterAll(async () => {
  await stack?.stop();
  await meddler?.close();
});

const json = (body: object, status = 200) => ({ status, body: JSON.stringify(body) });
const failed = { success: false, errorReason: 'transaction_failed', transaction: '', network: '' };
const at =
  (path: string, meddle: Interference): Interference =>
  (asked, forward) =>
    asked === path ? meddle(asked, forward) : forward();

describe('I3: the money moved, and the payment is settled by proof although the facilitator’s /settle', () => {
  test.each<[string, Interference]>([
    [
      'loses its answer',
      async (_, forward) => {
        await forward();
        return null;
      },
    ],
    [
      'says it failed',
      async (_, forward) => {
        await forward();
        return json(failed);
      },
    ],
    [
      'answers 500 with a page',
      async (_, forward) => {
        await forward();
        return { status: 500, body: '<html>oops</html>' };
      },
    ],
    [
      'names a signature that is none',
      async (_, forward) => {
        await forward();
        return json({ success: true, transaction: 'not a signature', network: '' });
      },
    ],
    [
      'takes longer than a heartbeat may',
      async (_, forward) => {
        await new Promise(resolve => setTimeout(resolve, 2_500));
        return forward();
      },
    ],
  ])('%s', async (_how, meddle) => {
    const before = await standing(shop);
    const proof = await signProof(shop);
    meddler.asked.clear();
    meddler.interfere = at('/settle', meddle);

    const served = await servedAtLast(shop, proof);

    expect(meddler.asked.get('/settle')).toBeGreaterThan(0);
    await expectPaidOnce(shop, before, served);
  });
});

describe('I3: nothing moved, and nothing is settled or failed on the word of a facilitator whose /settle', () => {
  const earlier: { signature: string } = { signature: '' };
  test.each<[string, Interference]>([
    ['says success and does nothing', async () => json({ success: true, transaction: earlier.signature, network: '' })],
    ['names a signature that is none', async () => json({ success: true, transaction: 'not a signature', network: '' })],
    ['says it failed', async () => json(failed)],
  ])('%s', async (_how, meddle) => {
    earlier.signature = (await shop.paid()).tx_sig ?? '';
    const before = await standing(shop);
    const proof = await signProof(shop);
    meddler.interfere = at('/settle', meddle);

    expect((await show(proof, shop.payUrl)).status).toBe(202);
    const payment = await pendingPayment(shop);
    await shop.api.until<PaymentView>(
      `/v1/payments/${payment.id}`,
      one => one.status === 'pending' && one.waiting?.reason === 'awaiting_confirmation',
    );
    expect((await show(proof, shop.payUrl)).status).toBe(409);
    expect(await standing(shop)).toEqual(before);

    await jump(stack, PAST_EXPIRY);
    await expectDead(shop, before, proof, payment.id);
  });
});

test('I3: a refusal by /verify, before anything was submitted, is a refusal: the buyer may pay anew', async () => {
  const before = await standing(shop);
  const proof = await signProof(shop);
  meddler.interfere = at('/verify', async () => json({ isValid: false, invalidReason: 'insufficient_funds', payer: '' }));

  const shown = await show(proof, shop.payUrl);

  expect(shown).toMatchObject({ status: 402, body: { error: 'insufficient_funds' } });
  expect(await standing(shop)).toEqual(before);
});

describe('I3, I7: the facilitator is', () => {
  test('down: the buyer waits and is not asked to pay again; the same proof is served when it is back', async () => {
    const before = await standing(shop);
    const proof = await signProof(shop);
    await stack.part('facilitator').kill();

    expect(await show(proof, shop.payUrl)).toMatchObject({ status: 202, body: { code: 'settlement_pending', tx_sig: null } });
    expect(await show(proof, shop.payUrl)).toMatchObject({ status: 409, body: { code: 'settlement_in_progress' } });
    expect(await pendingPayment(shop)).toMatchObject({ waiting: { reason: 'not_yet_sent' } });
    expect(await standing(shop)).toEqual(before);

    await stack.part('facilitator').start();
    await expectPaidOnce(shop, before, await servedAtLast(shop, proof));
  });

  test('down for longer than the proof lives: nothing moved, and it is told so', async () => {
    const before = await standing(shop);
    const proof = await signProof(shop);
    await stack.part('facilitator').kill();
    expect((await show(proof, shop.payUrl)).status).toBe(202);
    const payment = await pendingPayment(shop);
    await jump(stack, PAST_EXPIRY);

    await stack.part('facilitator').start();
    await shop.api.until<PaymentView>(`/v1/payments/${payment.id}`, one => one.status === 'failed');
    expect((await show(proof, shop.payUrl)).status).toBe(402);
    expect(await standing(shop)).toEqual(before);
  });

  test('killed after it was handed the payment: the transaction is found on the chain without it', async () => {
    const before = await standing(shop);
    const proof = await signProof(shop);
    meddler.interfere = at('/settle', async (_, forward) => {
      await forward();
      await stack.part('facilitator').kill();
      return null;
    });

    await expectPaidOnce(shop, before, await servedAtLast(shop, proof));
    await stack.part('facilitator').start();
  });

  test('blind to the chain after it has sent: the payment is settled all the same', async () => {
    const before = await standing(shop);
    const proof = await signProof(shop);
    await inject(stack, { kind: 'unavailable', method: 'getSignatureStatuses' });

    const served = await servedAtLast(shop, proof);

    await clearFaults(stack);
    await expectPaidOnce(shop, before, served);
  });
});
