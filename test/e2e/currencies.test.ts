import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Stack } from '#apps/dev/stack';
import { assetOf, type Currency } from '#libs/money/assets';
import { giveTokens } from '#test/support/funds';
import { startTestStack } from '#test/support/given-chain';
import { violations } from '#test/support/invariants';
import { TEST_PACE } from '#test/support/pace';
import { type Proof, settledBy, show, signProof, signProofV1 } from '#test/support/proofs';
import { openShop, type Shop } from '#test/support/shop';

const CURRENCIES: Currency[] = ['USDC', 'USDT', 'USDG'];
/** Each signs with an official client: x402 v2 echoes the offer, v1 shows its payment in `X-PAYMENT`. */
const CLIENTS = { v2: signProof, v1: signProofV1 };

let stack: Stack;
let shop: Shop;
beforeAll(async () => {
  stack = await startTestStack({ env: TEST_PACE });
  shop = await openShop(stack);
  for (const currency of ['USDT', 'USDG'] as const) await giveTokens(stack, shop.buyer, 10_000_000n, currency);
});
afterAll(() => stack?.stop());

/** Pays with this proof, and gives 30,000 atoms of it back; the buyer's balance tells. */
async function payAndRefund(at: Shop, proof: Proof, currency: Currency): Promise<void> {
  const before = await at.buyer.balance(currency);
  const shown = await show(proof, at.payUrl);
  expect(shown, JSON.stringify(shown.body)).toMatchObject({ status: 200, body: { ok: true } });
  const payment = await at.paymentBySignature(settledBy(shown));
  const { mint, tokenProgram } = assetOf('solana-devnet', currency);
  expect(payment).toMatchObject({
    status: 'settled',
    currency,
    asset: mint,
    token_program: tokenProgram,
    amount_atomic: '100000',
  });
  expect(before - (await at.buyer.balance(currency))).toBe(100_000n);

  const refund = await at.refundIs(await at.accepted(payment.id, 30_000n), 'succeeded');
  expect(refund).toMatchObject({
    currency,
    asset: mint,
    destination: { owner: at.buyer.address, token_account: await at.buyer.tokenAccount(currency) },
  });
  expect(before - (await at.buyer.balance(currency))).toBe(70_000n);
}

describe.each(CURRENCIES)('%s: a link takes it, and gives it back', currency => {
  test.each(['v2', 'v1'] as const)('from the official x402 %s client', async version => {
    const at = await shop.openLink({ currency, price: '0.10' });
    const proof = await CLIENTS[version](at);
    expect(Object.keys(proof)).toEqual([version === 'v2' ? 'PAYMENT-SIGNATURE' : 'X-PAYMENT']);
    await payAndRefund(at, proof, currency);
  });
});

test.each(CURRENCIES)('a link that accepts all three is paid in %s, and refunds what was paid', async currency => {
  const at = await shop.openLink({ currency: 'USDC', accepts_currencies: ['USDT', 'USDG'] });
  const offered = (await (await fetch(at.payUrl)).json()) as { accepts: { asset: string }[] };
  expect(offered.accepts.map(offer => offer.asset)).toEqual(CURRENCIES.map(one => assetOf('solana-devnet', one).mint));
  await payAndRefund(at, await signProof(at, currency), currency);
});

test('wrap_receipt hands the receipt out with the answer', async () => {
  const at = await shop.openLink({ wrap_receipt: true, response: { body: { story: 'told' } } });
  const shown = await show(await signProof(at), at.payUrl);
  expect(shown).toMatchObject({
    status: 200,
    body: {
      data: { story: 'told' },
      receipt: { kind: 'earn', agent: at.agent, tx_sig: settledBy(shown), price: { amount: '100000' } },
    },
  });
  const { receipt_hash } = shown.body.receipt as { receipt_hash: string };
  expect(await at.api.read(`/v1/receipts/by-hash/${receipt_hash}`)).toEqual(shown.body.receipt);
});

test('every currency on one agent: the books balance, and its receipts verify', async () => {
  expect(await violations(stack)).toEqual([]);
});
