import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Stack } from '#apps/dev/stack';
import { startTestStack } from '#test/support/given-chain';
import { violations } from '#test/support/invariants';
import { TEST_PACE } from '#test/support/pace';
import { type Proof, rebuiltProof, settledBy, show, signProof, signProofV1, transactionsOf } from '#test/support/proofs';
import { openShop, type Shop } from '#test/support/shop';

let stack: Stack;
let shop: Shop;
beforeAll(async () => {
  stack = await startTestStack({ env: TEST_PACE });
  shop = await openShop(stack);
});
afterAll(() => stack?.stop());

/** How many transactions the buyer's account has been in, failed ones left out. */
const payments = async () => (await transactionsOf(stack.urls.rpc, await shop.buyer.tokenAccount())).length;

test('the same v2 proof again is the same answer again, and is paid once', async () => {
  const before = await payments();
  const proof = await signProof(shop);
  const first = await show(proof, shop.payUrl);
  const again = await show(proof, shop.payUrl);
  expect([first.status, again.status]).toEqual([200, 200]);
  expect(first.headers.get('idempotent-replayed')).toBeNull();
  expect(again.headers.get('idempotent-replayed')).toBe('true');
  expect(again.body).toEqual(first.body);
  expect(settledBy(again)).toBe(settledBy(first));
  expect((await payments()) - before).toBe(1);
});

test('the same v2 proof ten times at once is paid once, and nobody is asked to pay again', async () => {
  const before = await payments();
  const proof = await signProof(shop);
  const answers = await Promise.all(Array.from({ length: 10 }, () => show(proof, shop.payUrl)));
  const statuses = answers.map(answer => answer.status);
  expect(statuses).toContain(200);
  expect(statuses.filter(status => ![200, 202, 409].includes(status))).toEqual([]);
  expect((await payments()) - before).toBe(1);
});

describe('an answered proof without its secret is only refused', () => {
  test('a v1 proof, shown again', async () => {
    const proof = await signProofV1(shop);
    expect((await show(proof, shop.payUrl)).status).toBe(200);
    expect(await show(proof, shop.payUrl)).toMatchObject({ status: 409, body: { code: 'payment_proof_reused' } });
  });

  test('a proof that a reader of the chain has put together again', async () => {
    const proof = await signProof(shop);
    const paid = await show(proof, shop.payUrl);
    const stolen = await rebuiltProof(shop, proof, settledBy(paid));
    expect(await show(stolen, shop.payUrl)).toMatchObject({ status: 409, body: { code: 'payment_proof_reused' } });
  });

  test('a proof of another link', async () => {
    const proof = await signProof(shop);
    expect((await show(proof, shop.payUrl)).status).toBe(200);
    const other = await shop.openLink({ label: 'Elsewhere' });
    expect(await show(proof, other.payUrl)).toMatchObject({ status: 409, body: { code: 'payment_proof_reused' } });
  });
});

describe('a proof that takes up no offer of the link is asked to pay, and nothing moves', () => {
  const refused = async (proof: Proof, at: Shop) => {
    const before = await payments();
    const shown = await show(proof, at.payUrl);
    expect(shown.status, JSON.stringify(shown.body)).toBe(402);
    expect(shown.headers.get('payment-required')).not.toBeNull();
    expect(shown.headers.get('cache-control')).toBe('no-store');
    expect(await payments()).toBe(before);
    return shown.body;
  };

  test('made for another link, a cheaper one or not', async () => {
    for (const price of ['$0.10', '$0.20']) {
      const other = await shop.openLink({ price });
      expect(await refused(await signProof(shop), other)).toMatchObject({ error: expect.stringMatching(/^invalid_/) });
    }
  });

  test('signed by somebody else', async () => {
    const proof = await signProof(shop);
    const payload = JSON.parse(Buffer.from(proof['PAYMENT-SIGNATURE'] ?? '', 'base64').toString());
    const wire = Buffer.from(payload.payload.transaction, 'base64');
    // The second signature is the buyer's; the first is the sponsor's, still empty.
    wire.fill(7, 65, 129);
    payload.payload.transaction = wire.toString('base64');
    await refused({ 'PAYMENT-SIGNATURE': Buffer.from(JSON.stringify(payload)).toString('base64') }, shop);
  });

  test('with an offer of its own making', async () => {
    const proof = await signProof(shop);
    const payload = JSON.parse(Buffer.from(proof['PAYMENT-SIGNATURE'] ?? '', 'base64').toString());
    payload.accepted.amount = '1';
    await refused({ 'PAYMENT-SIGNATURE': Buffer.from(JSON.stringify(payload)).toString('base64') }, shop);
  });

  test('that is no proof at all', async () => {
    await refused({ 'PAYMENT-SIGNATURE': 'bm90IGEgcHJvb2Y=' }, shop);
    await refused({ 'X-PAYMENT': 'bm90IGEgcHJvb2Y=' }, shop);
  });
});

test('what stands after all of it: books, treasury and receipts agree', async () => {
  expect(await violations(stack)).toEqual([]);
});
