import { type Address, createSolanaRpc, generateKeyPairSigner, type Instruction } from '@solana/kit';
import { ExtensionType, getEnableMemoTransfersInstruction, getReallocateInstruction } from '@solana-program/token-2022';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { addressOf } from '#apps/dev/funds';
import { type Stack, startStack } from '#apps/dev/stack';
import { signed } from '#apps/localnet/testing/wallets';
import { associatedAccount } from '#libs/chain/associated';
import { assetOf, type Currency } from '#libs/money/assets';
import { asOwner } from '#libs/money/solana-types';
import type { PaymentView } from '#libs/payments/view';
import type { RefundPreview } from '#libs/refunds/preview';
import type { RefundView } from '#libs/refunds/view';
import { anotherBuyer } from '#test/support/another-buyer';
import { eventually } from '#test/support/eventually';
import { clearFaults, inject, jump, PAST_EXPIRY } from '#test/support/faults';
import { giveTokens } from '#test/support/funds';
import { violations } from '#test/support/invariants';
import { bothSides, type Kill, told, Victim } from '#test/support/kills';
import { TEST_PACE } from '#test/support/pace';
import { settledBy, show, signProof } from '#test/support/proofs';
import { refundsOnChain } from '#test/support/refunds-on-chain';
import { admin, openShop, type Shop } from '#test/support/shop';
import { rows } from '#test/support/sql';
import { vanishingRefund } from '#test/support/vanishing';

/* Where money goes when the account it came from is no longer what it was, and who bears what that costs. */

const RENT = 2_039_280n;
/** Slots long enough that no transaction expires while a process starts again on a busy machine. */
const SLOT_MS = 200;
/** What the shop's account here takes for worth the rent, since the official client pays no more than a dollar at once. */
const WORTH_IT = 300_000n;
const MAX_LEG = 400_000n;
const KILLS = bothSides('refund.store', 'refund.send');
/** One leg has moved, and the next is about to be signed. */
const BETWEEN: Kill = { step: 'refund.store', moment: 'before', nth: 2 };

let stack: Stack;
let shop: Shop;
let worker: Victim;
beforeAll(async () => {
  stack = await startStack({ env: { ...TEST_PACE, EBB_MAX_LEG_DEVNET_ATOMIC: `${MAX_LEG}` }, slotMs: SLOT_MS });
  shop = await openShop(stack, { price: '$1' });
  await usualPolicy();
  worker = new Victim(stack, 'worker', [...KILLS, BETWEEN]);
});
afterEach(async () => {
  expect(await violations(stack)).toEqual([]);
  expect(await doubleClaims()).toEqual([]);
});
afterAll(() => stack?.stop());

interface Paid {
  at: Shop;
  payment: PaymentView;
  purse: Address;
}

/** Somebody whom nobody has refunded yet, with a payment of a dollar. */
async function paid(at: Shop = shop, currency: Currency = 'USDC'): Promise<Paid> {
  return payAgain(await anotherBuyer(at, currency), currency);
}

async function payAgain(at: Shop, currency: Currency = 'USDC'): Promise<Paid> {
  const shown = await show(await signProof(at, currency), at.payUrl);
  expect(shown.status, JSON.stringify(shown.body)).toBe(200);
  return { at, payment: await at.paymentBySignature(settledBy(shown)), purse: await at.buyer.tokenAccount(currency) };
}

const account = (address: string, change: object) => admin(stack, 'POST', '/account', { address, ...change });
const close = (address: string) => account(address, { closed: true });
const preview = async (paymentId: string, amount: bigint, more: object = {}) => {
  const body = { payment_id: paymentId, amount_atomic: `${amount}`, ...more };
  return (await shop.api.post<RefundPreview>('/v1/refunds/preview', body)).body;
};
const setPolicy = (rent_policy: object) => shop.api.patch('/v1/account/settings', { rent_policy });
const usualPolicy = () => setPolicy({ reopen: 'when_worth', min_atomic: `${WORTH_IT}` });

/** Claims whose attempt may land, beside how often the chain has it that our fee payer opened an account: never more of one owner. */
const doubleClaims = () =>
  rows(
    stack,
    `select coalesce(l.destination_owner, r.destination_owner) as owner, count(*) from legs l join refunds r on r.id = l.refund_id
     where l.rent_lamports > 0 group by coalesce(l.destination_owner, r.destination_owner), r.asset having count(*) > 1`,
  );
const claims = (owner: string) =>
  rows<{ signature: string; outcome: string }>(
    stack,
    'select t.signature, t.outcome from reopened_accounts r join attempts t on t.id = r.attempt_id where r.owner = $1',
    [owner],
  );
const rentBooked = async (refundId: string): Promise<bigint> => {
  const [row] = await rows<{ sum: string }>(
    stack,
    "select coalesce(sum(amount), 0)::text as sum from ledger_transfers where source_id = $1 and debit_code = 'rent'",
    [refundId],
  );
  return BigInt(row?.sum ?? -1);
};

/** It has paid once into this account, and opened it for what it says. */
async function expectPaid(id: string, to: string, wanted: { amount: bigint; how: string; rent: bigint }): Promise<RefundView> {
  const refund = await shop.refundIs(id, 'succeeded');
  expect(refund).toMatchObject({
    moved_atomic: `${wanted.amount}`,
    destination: { token_account: to, how: wanted.how },
    transfers: [{ rent_lamports: `${wanted.rent}` }],
    needs_attention: false,
  });
  expect(await refundsOnChain(stack, to as Address, id)).toEqual([refund.tx_sig]);
  expect(await rentBooked(id)).toBe(wanted.rent);
  return refund;
}

/** It asks for an address, has signed nothing, and keeps its money reserved. */
async function expectAsksForAddress(paymentId: string, amount: bigint): Promise<RefundView> {
  expect((await preview(paymentId, amount)).waiting).toMatchObject({ reason: 'address' });
  const id = await shop.accepted(paymentId, amount);
  const refund = await shop.refundIs(id, 'requires_address', 30_000);
  expect(refund).toMatchObject({ waiting: { reason: 'address' }, needs_attention: true, transfers: [{ attempts: [] }] });
  expect(refund.payment.reserved_atomic).toBe(`${amount}`);
  return refund;
}

/** Whatever it says beforehand, the refund then does. */
async function expectAsForetold(said: RefundPreview, refund: RefundView): Promise<void> {
  expect(said.destination).toEqual(refund.destination);
  expect(said.rent_lamports).toBe(refund.transfers[0]?.rent_lamports);
  expect(said.network_fee_lamports).toBe(refund.transfers[0]?.network_fee_lamports);
}

describe('the account that paid is closed:', () => {
  test('the payer’s associated account is paid', async () => {
    const { payment, purse } = await paid();
    // Paid from an account of its own, that is gone: what lies at its address now, a wallet, is never paid.
    const { address: gone } = await generateKeyPairSigner();
    await rows(stack, 'update payments set payer_account = $1 where id = $2', [gone, payment.id]);
    await account(gone, { lamports: '5000000' });
    const said = await preview(payment.id, 40_000n);
    const id = await shop.accepted(payment.id, 40_000n);
    await expectAsForetold(said, await expectPaid(id, purse, { amount: 40_000n, how: 'payer', rent: 0n }));
  });

  test('and nothing else is there: it is opened once, and never again for the same owner and asset', async () => {
    const { at, payment, purse } = await paid();
    await close(purse);
    const said = await preview(payment.id, WORTH_IT);
    expect(said).toMatchObject({ waiting: null, rent_lamports: `${RENT}`, destination: { how: 'payer_reopened' } });
    const first = await shop.accepted(payment.id, WORTH_IT);
    const wanted = { amount: WORTH_IT, how: 'payer_reopened', rent: RENT };
    const refund = await expectPaid(first, purse, wanted);
    await expectAsForetold(said, refund);
    expect(await claims(at.buyer.address)).toEqual([{ signature: refund.tx_sig, outcome: 'landed' }]);

    // While it is there it is paid like any other; closed again, it would be the thief's to have opened.
    const second = await shop.accepted(payment.id, 100_000n);
    await expectPaid(second, purse, { amount: 100_000n, how: 'payer', rent: 0n });
    await close(purse);
    const third = await expectAsksForAddress(payment.id, 100_000n);
    await shop.api.post(`/v1/refunds/${third.id}/retry`, {});
    await shop.refundIs(third.id, 'requires_address');

    // Opened again by the payer, it is paid.
    await giveTokens(stack, at.buyer, 1n);
    await shop.api.post(`/v1/refunds/${third.id}/retry`, {});
    await expectPaid(third.id, purse, { amount: 100_000n, how: 'payer', rent: 0n });
    expect(await claims(at.buyer.address)).toHaveLength(1);
  });

  test('two refunds at once open it once, and both arrive', async () => {
    const { at, payment, purse } = await paid();
    const other = await payAgain(at);
    await close(purse);
    const ids = await Promise.all([payment, other.payment].map(one => shop.accepted(one.id, WORTH_IT)));
    const ended = await Promise.all(ids.map(id => shop.refundIs(id, 'succeeded')));
    const rents = ended.map(one => BigInt(one.transfers[0]?.rent_lamports ?? -1));
    expect(rents.sort()).toEqual([0n, RENT]);
    expect(await at.buyer.balance()).toBe(2n * WORTH_IT);
    expect(await claims(at.buyer.address)).toHaveLength(1);
  });

  test('it is worth the rent only from an amount on, unless the merchant has prepaid it, or wants none', async () => {
    const { payment, purse, at } = await paid();
    await close(purse);
    const small = await expectAsksForAddress(payment.id, WORTH_IT - 1n);
    await setPolicy({ reopen: 'never' });
    expect((await preview(payment.id, 500_000n)).waiting).toMatchObject({ reason: 'address' });
    await setPolicy({ reopen: 'when_worth' });
    expect((await preview(payment.id, WORTH_IT)).waiting, 'worth it is a dollar by default').toMatchObject({ reason: 'address' });
    await setPolicy({ reopen: 'always' });
    await shop.api.post(`/v1/refunds/${small.id}/retry`, {});
    await expectPaid(small.id, purse, { amount: WORTH_IT - 1n, how: 'payer_reopened', rent: RENT });
    expect(await at.buyer.balance()).toBe(WORTH_IT - 1n);
    await usualPolicy();
  });

  test('the payer has opened it again: it is paid, whatever it is worth', async () => {
    const { at, payment, purse } = await paid();
    await close(purse);
    await giveTokens(stack, at.buyer, 1n);
    const id = await shop.accepted(payment.id, 1_000n);
    await expectPaid(id, purse, { amount: 1_000n, how: 'payer', rent: 0n });
    expect(await claims(at.buyer.address)).toEqual([]);
  });

  test('its associated account has another owner: an address is asked for', async () => {
    const { payment, purse } = await paid();
    await account(purse, { owner: (await generateKeyPairSigner()).address });
    await expectAsksForAddress(payment.id, WORTH_IT);
  });

  test('the fee payer can bear the fee and not the rent: it waits for that, and goes on', async () => {
    const { payment, purse } = await paid();
    await close(purse);
    const feePayer = addressOf(stack.secrets.EBB_FEE_PAYER_KEY);
    await account(feePayer, { lamports: '2000000' });
    const id = await shop.accepted(payment.id, WORTH_IT);
    await shop.api.until<RefundView>(`/v1/refunds/${id}`, one => one.waiting?.reason === 'sponsor_short', 30_000);
    await account(feePayer, { lamports: '10000000000' });
    await expectPaid(id, purse, { amount: WORTH_IT, how: 'payer_reopened', rent: RENT });
  });
});

test('a redirect to somebody without an account for the asset opens it by the same rule', async () => {
  const { payment } = await paid();
  const { address: owner } = await generateKeyPairSigner();
  const { mint, tokenProgram } = assetOf('solana-devnet', 'USDC');
  const to = await associatedAccount(asOwner(owner), mint, tokenProgram);
  const said = await preview(payment.id, WORTH_IT, { destination: { owner } });
  const answer = await shop.refund(payment.id, WORTH_IT, { destination: { owner } });
  expect(answer.status).toBe(201);
  const refund = await expectPaid(answer.body.id, to, { amount: WORTH_IT, how: 'redirect_scope', rent: RENT });
  await expectAsForetold(said, refund);
  await close(to);
  const again = await shop.refund(payment.id, WORTH_IT, { destination: { owner } });
  await shop.refundIs(again.body.id, 'requires_address', 30_000);
});

describe('I2: the one time that an account is opened', () => {
  test('is not used up by a transaction that is proven never to have landed', async () => {
    const { at, payment, purse } = await paid();
    await close(purse);
    const fault = await inject(stack, { kind: 'never_land', method: 'sendTransaction' });
    const id = await shop.accepted(payment.id, WORTH_IT);
    await shop.api.until<RefundView>(`/v1/refunds/${id}`, one => one.waiting?.reason === 'awaiting_confirmation');
    await eventually('it was sent and lost', async () => (await fault.met()) > 0);
    const [first] = await claims(at.buyer.address);
    await fault.clear();
    await jump(stack, PAST_EXPIRY);
    const refund = await expectPaid(id, purse, { amount: WORTH_IT, how: 'payer_reopened', rent: RENT });
    expect(refund.transfers[0]?.attempts).toHaveLength(2);
    expect(await claims(at.buyer.address)).toEqual([{ signature: refund.tx_sig, outcome: 'landed' }]);
    expect(first?.signature).not.toBe(refund.tx_sig);
  });

  test('is there again for a refund that was confirmed and is gone for good, and its rent is booked once', async () => {
    const { at, payment, purse } = await paid();
    await close(purse);
    const gone = await vanishingRefund(at, payment.id, WORTH_IT);
    expect(gone.transfers).toMatchObject([{ rent_lamports: `${RENT}` }]);
    await shop.refundIs(gone.id, 'processing');
    await jump(stack, PAST_EXPIRY);
    const refund = await shop.refundIs(gone.id, 'succeeded');
    expect(refund.tx_sig).not.toBe(gone.tx_sig);
    expect(refund).toMatchObject({ destination: { how: 'payer_reopened' }, transfers: [{ rent_lamports: `${RENT}` }] });
    expect(await claims(at.buyer.address)).toEqual([{ signature: refund.tx_sig, outcome: 'landed' }]);
    const [booked] = await rows<{ sum: string }>(
      stack,
      `select sum(case when debit_code = 'rent' then amount else -amount end)::text as sum
       from ledger_transfers where source_id = $1 and 'rent' in (debit_code, credit_code)`,
      [gone.id],
    );
    expect(booked?.sum).toBe(`${RENT}`);
    expect(await at.buyer.balance()).toBe(WORTH_IT);
    await clearFaults(stack);
  });

  test.each(KILLS.map(kill => [told(kill), kill] as const))('survives a worker killed %s, and is used once', async (_, kill) => {
    const { at, payment, purse } = await paid();
    await close(purse);
    await worker.doom(kill);
    const id = await shop.accepted(payment.id, WORTH_IT);
    await worker.died(kill);
    await worker.revive(kill);
    const refund = await expectPaid(id, purse, { amount: WORTH_IT, how: 'payer_reopened', rent: RENT });
    expect(await at.buyer.balance()).toBe(WORTH_IT);
    expect(await claims(at.buyer.address)).toEqual([{ signature: refund.tx_sig, outcome: 'landed' }]);
  });
});

describe('of a refund of several legs', () => {
  const AMOUNT = 2n * MAX_LEG + 100_000n;
  const rents = (refund: RefundView) => refund.transfers.map(leg => leg.rent_lamports);

  test('the first opens the account, and the others are paid into it', async () => {
    const { at, payment, purse } = await paid();
    await close(purse);
    const said = await preview(payment.id, AMOUNT);
    const id = await shop.accepted(payment.id, AMOUNT);
    const refund = await shop.refundIs(id, 'succeeded');
    expect(rents(refund)).toEqual([`${RENT}`, '0', '0']);
    expect(refund.destination).toEqual({ owner: at.buyer.address, token_account: purse, how: 'payer_reopened' });
    expect(said).toMatchObject({ destination: refund.destination, rent_lamports: `${RENT}`, waiting: null });
    expect(await at.buyer.balance()).toBe(AMOUNT);
    expect(await rentBooked(id)).toBe(RENT);
  });

  test('the rest asks for an address where it is closed again in between, and what has moved stays moved', async () => {
    const { at, payment, purse } = await paid();
    await close(purse);
    await worker.doom(BETWEEN);
    const id = await shop.accepted(payment.id, AMOUNT);
    await worker.died(BETWEEN);
    await close(purse);
    await worker.revive(BETWEEN);
    const asking = await shop.refundIs(id, 'requires_address');
    expect(asking).toMatchObject({ moved_atomic: `${MAX_LEG}`, waiting: { reason: 'address' }, needs_attention: true });
    const { address: owner } = await generateKeyPairSigner();
    const { status } = await shop.api.patch(`/v1/refunds/${id}`, { destination: { owner } });
    expect(status).toBe(200);
    const refund = await shop.refundIs(id, 'succeeded');
    expect(rents(refund)).toEqual([`${RENT}`, `${RENT}`, '0']);
    expect(refund).toMatchObject({ moved_atomic: `${AMOUNT}`, destination: { owner, how: 'redirect_scope' } });
    expect(await claims(at.buyer.address)).toHaveLength(1);
    expect(await claims(owner)).toHaveLength(1);
  });
});

describe('Token-2022:', () => {
  const { mint } = assetOf('solana-devnet', 'USDG');
  let link: Shop;
  beforeAll(async () => {
    link = await shop.openLink({ currency: 'USDG', price: '1' });
  });

  test('an account that takes transfers only with a memo is paid', async () => {
    const { at, payment, purse } = await paid(link, 'USDG');
    await requireMemos(at, purse);
    const id = await shop.accepted(payment.id, 40_000n);
    await expectPaid(id, purse, { amount: 40_000n, how: 'payer', rent: 0n });
  });

  test('a closed account is opened with room for what its mint asks for', async () => {
    const { payment, purse } = await paid(link, 'USDG');
    await close(purse);
    const said = await preview(payment.id, WORTH_IT);
    const id = await shop.accepted(payment.id, WORTH_IT);
    const rent = BigInt(said.rent_lamports ?? -1);
    expect(rent).toBeGreaterThan(RENT);
    await expectAsForetold(said, await expectPaid(id, purse, { amount: WORTH_IT, how: 'payer_reopened', rent }));
  });

  test.each([
    ['takes a fee', { transfer_fee_basis_points: 50 }, { transfer_fee_basis_points: 0 }, '50 basis points'],
    ['runs a program in every transfer', { transfer_hook: mint }, { transfer_hook: null }, 'transfer hook'],
    ['freezes each new account', { frozen_by_default: true }, { frozen_by_default: false }, 'freezes'],
  ])('while the mint %s nothing is signed, the wait says so, and ends by itself', async (_, change, back, says) => {
    const { payment, purse } = await paid(link, 'USDG');
    await admin(stack, 'POST', '/mint', { mint, ...change });
    const waiting = { reason: 'mint_paused', ends_when: expect.stringContaining(says) };
    expect((await preview(payment.id, 40_000n)).waiting).toMatchObject(waiting);
    const id = await shop.accepted(payment.id, 40_000n);
    const refund = await shop.api.until<RefundView>(`/v1/refunds/${id}`, one => one.waiting?.reason === 'mint_paused', 30_000);
    expect(refund).toMatchObject({ status: 'pending', waiting, needs_attention: true, transfers: [{ attempts: [] }] });
    await admin(stack, 'POST', '/mint', { mint, ...back });
    await expectPaid(id, purse, { amount: 40_000n, how: 'payer', rent: 0n });
  });
});

test('while a mint takes a fee, no link is made for it, and no payment is taken on one that was', async () => {
  const { mint } = assetOf('solana-devnet', 'USDG');
  const link = await shop.openLink({ currency: 'USDG', price: '1' });
  const { at } = await paid(link, 'USDG');
  const proof = await signProof(at, 'USDG');
  const before = await at.buyer.balance('USDG');
  await admin(stack, 'POST', '/mint', { mint, transfer_fee_basis_points: 50 });
  const wanted = { label: 'No', owner_agent: shop.agent, method: 'GET', price: '$1', response: { body: {} } };
  const refused = await shop.api.post<{ code: string }>('/v1/payment-links', { ...wanted, accepts_currencies: ['USDG'] });
  expect(refused).toMatchObject({ status: 422, body: { code: 'asset_unsupported', currency: 'USDG' } });
  const shown = await show(proof, at.payUrl);
  expect(shown).toMatchObject({ status: 402, body: { error: 'invalid_payment_requirements' } });
  await admin(stack, 'POST', '/mint', { mint, transfer_fee_basis_points: 0 });
  expect(await at.buyer.balance('USDG')).toBe(before);
  expect((await show(proof, at.payUrl)).status).toBe(200);
});

/** The buyer has their account made larger, and from now on take transfers only with a memo directly before them. */
async function requireMemos({ buyer }: Shop, token: Address): Promise<void> {
  await account(buyer.address, { lamports: '1000000000' });
  const rpc = createSolanaRpc(stack.urls.rpc);
  const instructions: Instruction[] = [
    getReallocateInstruction({
      token,
      payer: buyer.signer,
      owner: buyer.signer,
      newExtensionTypes: [ExtensionType.MemoTransfer],
    }),
    getEnableMemoTransfersInstruction({ token, owner: buyer.signer }),
  ];
  const { value: lifetime } = await rpc.getLatestBlockhash({ commitment: 'confirmed' }).send();
  const { wire, signature } = await signed(buyer.signer, lifetime, instructions);
  await rpc.sendTransaction(wire as never, { encoding: 'base64', preflightCommitment: 'confirmed' }).send();
  await eventually('memos are required', async () => {
    const { value } = await rpc.getSignatureStatuses([signature as never]).send();
    const [status] = value;
    if (status?.err) throw new Error('the account was not changed');
    return status?.confirmationStatus === 'confirmed' || status?.confirmationStatus === 'finalized';
  });
}
