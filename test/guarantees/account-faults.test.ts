import { type Address, generateKeyPairSigner, lamports } from '@solana/kit';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { addressOf } from '#apps/dev/funds';
import { type Stack, startStack } from '#apps/dev/stack';
import { assetOf, type Currency } from '#libs/money/assets';
import type { PaymentView } from '#libs/payments/view';
import type { RefundView } from '#libs/refunds/view';
import type { WaitReason } from '#libs/states/waiting';
import { eventually } from '#test/support/eventually';
import { giveTokens } from '#test/support/funds';
import { violations } from '#test/support/invariants';
import { TEST_PACE } from '#test/support/pace';
import { settledBy, show, signProof } from '#test/support/proofs';
import { refundsOnChain } from '#test/support/refunds-on-chain';
import { admin, openShop, type Shop } from '#test/support/shop';
import { rows } from '#test/support/sql';
import { currentDetails, operator } from '#test/support/temporal';
import { emptied, tillOf } from '#test/support/treasury';

/* What issuers, thieves and empty purses do to accounts, and what becomes of a refund meanwhile and afterwards. */

const AMOUNT = 40_000n;
const SOL = lamports(1_000_000_000n);

let stack: Stack;
let shop: Shop;
let temporal: ReturnType<typeof operator>;
beforeAll(async () => {
  stack = await startStack({ env: TEST_PACE });
  temporal = operator(stack);
  shop = await openShop(stack);
  await giveTokens(stack, shop.buyer, 10_000_000n, 'USDG');
});
afterEach(async () => expect(await violations(stack)).toEqual([]));
afterAll(async () => {
  await temporal?.close();
  await stack?.stop();
});

const account = (address: string, change: object) => admin(stack, 'POST', '/account', { address, ...change });

/** Somebody who has not been refunded yet, with a payment of theirs. */
async function paid(currency: Currency = 'USDC'): Promise<{ at: Shop; payment: PaymentView; purse: Address }> {
  const at = currency === 'USDC' ? shop : await shop.openLink({ currency, price: '0.10' });
  const shown = await show(await signProof(at, currency), at.payUrl);
  expect(shown.status, JSON.stringify(shown.body)).toBe(200);
  return { at, payment: await at.paymentBySignature(settledBy(shown)), purse: await at.buyer.tokenAccount(currency) };
}

async function treasuryOf(currency: Currency): Promise<string> {
  const [row] = await rows<{ token_account: string }>(
    stack,
    `select ta.token_account from treasury_accounts ta join agents a on a.treasury_id = ta.treasury_id where a.mint = $1 and ta.mint = $2`,
    [shop.agent, assetOf('solana-devnet', currency).mint],
  );
  if (!row) throw new Error(`the shop has no treasury of ${currency}`);
  return row.token_account;
}

/** The refund waits for this, API and Temporal say so and ask for someone, nothing was signed, and its money stays reserved. */
async function expectWaits(paymentId: string, wanted: { status: string; reason: string }): Promise<string> {
  const id = await shop.accepted(paymentId, AMOUNT);
  const refund = await shop.api.until<RefundView>(
    `/v1/refunds/${id}`,
    one => one.waiting?.reason === wanted.reason && one.status === wanted.status,
    30_000,
  );
  expect(refund).toMatchObject({ needs_attention: true, moved_atomic: '0', transfers: [{ attempts: [] }] });
  expect(refund.payment).toMatchObject({ reserved_atomic: `${AMOUNT}`, refundable_atomic: `${100_000n - AMOUNT}` });
  expect(await shop.refund(paymentId, 100_000n - AMOUNT + 1n)).toMatchObject({ status: 422 });
  const carrier = temporal.client.workflow.getHandle(refund.workflow.id);
  await eventually('Temporal shows the wait', async () => (await currentDetails(carrier)).includes(wanted.reason));
  return id;
}

/** It has ended by itself: paid once, and nobody is asked for any more. */
async function expectPaidOnce(id: string, purse: Address): Promise<void> {
  const refund = await shop.refundIs(id, 'succeeded');
  expect(refund).toMatchObject({ moved_atomic: `${AMOUNT}`, needs_attention: false, waiting: null });
  expect(await refundsOnChain(stack, purse, id)).toEqual([refund.tx_sig]);
}

describe('I2, I7: a refund waits while its way is barred, says what for, and ends by itself when it is free:', () => {
  test('the destination is frozen', async () => {
    const { payment, purse } = await paid();
    await account(purse, { frozen: true });
    const id = await expectWaits(payment.id, { status: 'pending', reason: 'destination_frozen' });
    await account(purse, { frozen: false });
    await expectPaidOnce(id, purse);
  });

  test('the treasury is frozen', async () => {
    const { payment, purse } = await paid();
    const treasury = await treasuryOf('USDC');
    await account(treasury, { frozen: true });
    const id = await expectWaits(payment.id, { status: 'pending', reason: 'treasury_frozen' });
    await account(treasury, { frozen: false });
    await expectPaidOnce(id, purse);
  });

  test('the mint is paused', async () => {
    const { payment, purse } = await paid('USDG');
    const { mint } = assetOf('solana-devnet', 'USDG');
    await admin(stack, 'POST', '/mint', { mint, paused: true });
    const id = await expectWaits(payment.id, { status: 'pending', reason: 'mint_paused' });
    await admin(stack, 'POST', '/mint', { mint, paused: false });
    await expectPaidOnce(id, purse);
  });

  test('the account that pays network fees has no SOL', async () => {
    const { payment, purse } = await paid();
    const feePayer = addressOf(stack.secrets.EBB_FEE_PAYER_KEY);
    await account(feePayer, { lamports: '0' });
    const id = await expectWaits(payment.id, { status: 'pending', reason: 'sponsor_short' });
    await account(feePayer, { lamports: `${10n * SOL}` });
    await expectPaidOnce(id, purse);
  });

  test('the chain would refuse the transfer, and none of the reasons says why: the treasury’s account is another’s', async () => {
    const { payment, purse } = await paid();
    const till = await tillOf(shop);
    await account(till.account, { owner: (await generateKeyPairSigner()).address });
    const id = await expectWaits(payment.id, { status: 'pending', reason: 'attempts_exhausted' });
    await account(till.account, { owner: till.signer.address });
    await expectPaidOnce(id, purse);
  });

  test('the treasury is empty', async () => {
    const { payment, purse } = await paid();
    const refill = await emptied(shop, await tillOf(shop));
    const id = await shop.accepted(payment.id, AMOUNT);
    await shop.api.until<RefundView>(`/v1/refunds/${id}`, one => one.waiting?.reason === 'insufficient_funds', 30_000);
    await refill();
    await expectPaidOnce(id, purse);
  });
});

describe('I3, I7: what a refund waits for an operator gives up: it fails by that name, and its money is free again:', () => {
  const another = async () => (await generateKeyPairSigner()).address;
  /** What bars the way; returns what frees it again. */
  const bars: [WaitReason, (purse: Address, buyer: Address) => Promise<() => Promise<unknown>>][] = [
    [
      'destination_frozen',
      async purse => {
        await account(purse, { frozen: true });
        return () => account(purse, { frozen: false });
      },
    ],
    [
      'address',
      async (purse, owner) => {
        await account(purse, { owner: await another() });
        return () => account(purse, { owner });
      },
    ],
    [
      'treasury_frozen',
      async () => {
        const treasury = await treasuryOf('USDC');
        await account(treasury, { frozen: true });
        return () => account(treasury, { frozen: false });
      },
    ],
    [
      'attempts_exhausted',
      async () => {
        const till = await tillOf(shop);
        await account(till.account, { owner: await another() });
        return () => account(till.account, { owner: till.signer.address });
      },
    ],
    [
      'sponsor_short',
      async () => {
        const feePayer = addressOf(stack.secrets.EBB_FEE_PAYER_KEY);
        await account(feePayer, { lamports: '0' });
        return () => account(feePayer, { lamports: `${10n * SOL}` });
      },
    ],
    ['insufficient_funds', async () => emptied(shop, await tillOf(shop))],
  ];
  test.each(bars)('%s', async (reason, bar) => {
    const { payment, purse } = await paid();
    const free = await bar(purse, shop.buyer.address);
    const id = await expectGivenUp(payment.id, reason);
    await free();
    expect(await refundsOnChain(stack, purse, id)).toEqual([]);
  });

  test('mint_paused', async () => {
    const { payment } = await paid('USDG');
    const { mint } = assetOf('solana-devnet', 'USDG');
    await admin(stack, 'POST', '/mint', { mint, paused: true });
    await expectGivenUp(payment.id, 'mint_paused');
    await admin(stack, 'POST', '/mint', { mint, paused: false });
  });

  async function expectGivenUp(paymentId: string, reason: WaitReason): Promise<string> {
    const id = await shop.accepted(paymentId, AMOUNT);
    await shop.api.until<RefundView>(`/v1/refunds/${id}`, one => one.waiting?.reason === reason, 30_000);
    const answer = await shop.api.post(`/v1/refunds/${id}/resolve`, { give_up: true, reason: 'nobody comes' });
    expect(answer.status, JSON.stringify(answer.body)).toBe(200);
    expect(await shop.refundIs(id, 'failed')).toMatchObject({
      failure: { code: reason, message: 'nobody comes' },
      waiting: null,
      moved_atomic: '0',
      payment: { reserved_atomic: '0', refundable_atomic: '100000' },
    });
    return id;
  }
});

describe('I2, I7: a refund whose destination is no longer the payer’s asks for an address, and keeps its money reserved:', () => {
  test.each([
    ['it was closed', async (purse: string) => account(purse, { closed: true })],
    ['it has another owner', async (purse: string) => account(purse, { owner: (await generateKeyPairSigner()).address })],
  ])('%s', async (_how, happen) => {
    const stranger = await openShop(stack);
    const payment = await stranger.paid();
    const purse = await stranger.buyer.tokenAccount();
    await happen(purse);
    const id = await stranger.accepted(payment.id, AMOUNT);

    const refund = await stranger.refundIs(id, 'requires_address', 30_000);
    expect(refund).toMatchObject({ waiting: { reason: 'address' }, needs_attention: true, transfers: [{ attempts: [] }] });
    expect(refund.payment).toMatchObject({ reserved_atomic: `${AMOUNT}`, refundable_atomic: `${100_000n - AMOUNT}` });
    expect(await stranger.refund(payment.id, 100_000n - AMOUNT + 1n)).toMatchObject({ status: 422 });
    expect(await refundsOnChain(stack, purse, id)).toEqual([]);
  });
});

test('I3: while the sponsor has no SOL a payment takes nothing from its buyer, and a proof shown afterwards pays once', async () => {
  const sponsor = addressOf(stack.secrets.EBB_SPONSOR_KEY);
  const before = await shop.buyer.balance();
  await account(sponsor, { lamports: '0' });
  const shown = await show(await signProof(shop), shop.payUrl);
  expect(shown, JSON.stringify(shown.body)).toMatchObject({
    status: 402,
    body: { error: 'invalid_exact_svm_transaction_simulation_failed' },
  });
  expect(await shop.buyer.balance()).toBe(before);
  expect(await shop.api.all<PaymentView>('/v1/payments?status=pending')).toEqual([]);

  await account(sponsor, { lamports: `${10n * SOL}` });
  const served = await eventually('a payment is served again', async () => {
    const again = await show(await signProof(shop), shop.payUrl);
    return again.status === 200 && again;
  });
  expect(before - (await shop.buyer.balance())).toBe(100_000n);
  expect(await shop.paymentBySignature(settledBy(served))).toMatchObject({ status: 'settled' });
});
