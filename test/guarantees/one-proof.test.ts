import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Stack, startStack } from '#apps/dev/stack';
import { violations } from '#test/support/invariants';
import { TEST_PACE } from '#test/support/pace';
import { rebuiltProof, type Shown, settledBy, show, signProof, signProofV1 } from '#test/support/proofs';
import { expectPaidOnce, PRICE, servedAtLast, standing } from '#test/support/settlements';
import { openShop, Shop } from '#test/support/shop';

let stack: Stack;
let shop: Shop;
/** Another link of the same agent, at the same price. */
let elsewhere: Shop;

beforeAll(async () => {
  stack = await startStack({ env: TEST_PACE });
  shop = await openShop(stack);
  const link = await shop.api.post<{ id: string }>('/v1/payment-links', {
    label: 'Another thing',
    owner_agent: shop.agent,
    method: 'GET',
    price: '$0.10',
    response: { body: { other: true } },
  });
  elsewhere = new Shop(stack, shop.api, { agent: shop.agent, link: link.body.id, buyer: shop.buyer });
});
afterAll(() => stack?.stop());

const codeOf = ({ status, body }: Shown) => `${status} ${body.code ?? ''}`.trim();
const unlike = (all: Shown[], allowed: string[]) => all.map(codeOf).filter(code => !allowed.includes(code));
const fresh = (all: Shown[]) => all.filter(one => one.status === 200 && !one.headers.has('idempotent-replayed'));

test('I9: one proof shown 20 times at once here and 20 times at once elsewhere buys one thing, once', async () => {
  const before = await standing(shop);
  const proof = await signProof(shop);

  const [here, there] = await Promise.all([
    Promise.all(Array.from({ length: 20 }, () => show(proof, shop.payUrl))),
    Promise.all(Array.from({ length: 20 }, () => show(proof, elsewhere.payUrl))),
  ]);

  expect(unlike(here, ['200', '202 settlement_pending', '409 settlement_in_progress'])).toEqual([]);
  for (const again of here.filter(one => one.status === 200)) expect(again.body).toEqual({ ok: true });
  // Elsewhere it is no payment at all (402, before it was claimed here), or one that is used already.
  expect(unlike(there, ['402', '409 payment_proof_reused'])).toEqual([]);
  // On a busy machine all of them may have been told to wait: then the next to ask is the first to be served.
  here.push(await servedAtLast(shop, proof));
  const [served, ...more] = fresh(here);
  expect(more).toEqual([]);
  if (!served) throw new Error('nobody was served');
  await expectPaidOnce(shop, before, served);

  expect(codeOf(await show(proof, elsewhere.payUrl))).toBe('409 payment_proof_reused');
  const later = await show(proof, shop.payUrl);
  expect(later).toMatchObject({ status: 200, body: { ok: true } });
  expect(later.headers.get('idempotent-replayed')).toBe('true');
  expect(await standing(shop)).toMatchObject({ balance: before.balance - PRICE, transactions: before.transactions + 1 });
});

test('I9: a proof rebuilt from the chain buys nothing, at its link and elsewhere', async () => {
  const proof = await signProof(shop);
  const served = await show(proof, shop.payUrl);
  expect(served.status).toBe(200);
  const before = await standing(shop);

  const rebuilt = await rebuiltProof(shop, proof, settledBy(served));

  expect(codeOf(await show(rebuilt, shop.payUrl))).toBe('409 payment_proof_reused');
  expect(codeOf(await show(rebuilt, elsewhere.payUrl))).toBe('409 payment_proof_reused');
  expect(await standing(shop)).toEqual(before);
});

test('I9: a v1 proof, which has no secret, is served once and then refused, however many show it at once', async () => {
  const before = await standing(shop);
  const proof = await signProofV1(shop);

  const all = await Promise.all(Array.from({ length: 20 }, () => show(proof, shop.payUrl)));

  expect(unlike(all, ['200', '202 settlement_pending', '409 settlement_in_progress', '409 payment_proof_reused'])).toEqual([]);
  if (fresh(all).length === 0) all.push(await servedAtLast(shop, proof));
  const [served, ...more] = all.filter(one => one.status === 200);
  expect(more).toEqual([]);
  if (!served) throw new Error('nobody was served');
  await expectPaidOnce(shop, before, served);
  expect(codeOf(await show(proof, shop.payUrl))).toBe('409 payment_proof_reused');
  expect(codeOf(await show(proof, elsewhere.payUrl))).toBe('409 payment_proof_reused');
});

test('I9: a proof whose offer was for another link is refused there before it is claimed, and still good at home', async () => {
  const before = await standing(shop);
  const proof = await signProof(shop);

  expect((await show(proof, elsewhere.payUrl)).status).toBe(402);

  await expectPaidOnce(shop, before, await show(proof, shop.payUrl));
});

test('I9, I1: a proof whose money was given back in full is answered with the refund, not with the goods', async () => {
  const proof = await signProof(shop);
  const served = await show(proof, shop.payUrl);
  const payment = await shop.paymentBySignature(settledBy(served));
  const refundId = await shop.accepted(payment.id);

  const again = await show(proof, shop.payUrl);

  expect(again).toMatchObject({ status: 409, body: { code: 'payment_refunded', refund_id: refundId } });
  await shop.refundIs(refundId, 'succeeded');
  expect(await violations(stack)).toEqual([]);
});
