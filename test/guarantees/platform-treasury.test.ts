import { type Address, createSolanaRpc, generateKeyPairSigner } from '@solana/kit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Stack, startStack } from '#apps/dev/stack';
import type { PlatformTreasury } from '#libs/accounts/platform-treasury';
import type { RefundPreview } from '#libs/refunds/preview';
import type { RefundView } from '#libs/refunds/view';
import { eventually } from '#test/support/eventually';
import { violations } from '#test/support/invariants';
import { TEST_PACE } from '#test/support/pace';
import { refundsOnChain } from '#test/support/refunds-on-chain';
import { admin, openShop, type Shop } from '#test/support/shop';
import { rows } from '#test/support/sql';

let stack: Stack;
let shop: Shop;
let payment: string;
let treasury: PlatformTreasury;

/** A treasury costs 6.3 million lamports to open, a refund 10,000: room for two treasuries and two refunds. */
const BUDGET = 2n * 6_310_000n + 25_000n;

beforeAll(async () => {
  stack = await startStack({
    env: { ...TEST_PACE, EBB_MAX_LEG_DEVNET_ATOMIC: '400', EBB_FEE_PAYER_ACCOUNT_HOUR_LAMPORTS: `${BUDGET}` },
  });
  shop = await openShop(stack);
  payment = (await shop.paid()).id;
});
afterAll(() => stack?.stop());

const fromPlatform = (amount: bigint) => shop.refund(payment, amount, { source: 'platform' });
const usdc = () => treasury.accounts.find(one => one.currency === 'USDC');
const fund = (amount: bigint) =>
  admin(stack, 'POST', '/mint-to', { owner: treasury.owner, mint: usdc()?.asset, amount_atomic: `${amount}` });
const held = async (account: string) => {
  const [sum] = await rows<{ sum: string }>(
    stack,
    `select coalesce(sum(case when debit_account = $1 then amount else -amount end), 0)::text as sum from ledger_transfers
     where $1 in (debit_account, credit_account) and kind in ('single', 'post')`,
    [account],
  );
  return BigInt(sum?.sum ?? '0');
};
const onChain = async () => {
  const { value } = await createSolanaRpc(stack.urls.rpc)
    .getTokenAccountBalance(usdc()?.token_account as Address, { commitment: 'confirmed' })
    .send();
  return BigInt(value.amount);
};
/** What refunds have moved out of the platform treasury, by the books. */
const paidOut = async () => {
  const [sum] = await rows<{ sum: string }>(
    stack,
    `select coalesce(sum(amount), 0)::text as sum from ledger_transfers
     where credit_account = $1 and kind = 'post' and source_type = 'refund'`,
    [`platform_treasury:${treasury.id}`],
  );
  return BigInt(sum?.sum ?? '0');
};
const balanced = async () => expect(await violations(stack)).toEqual([]);

test('a platform treasury is made once, opens by itself, and its money pays refunds of payments it never took', async () => {
  expect(await fromPlatform(100n)).toMatchObject({ status: 422, body: { code: 'source_not_allowed' } });
  const made = await shop.api.post<PlatformTreasury>('/v1/account/treasury', {});
  expect(made.status).toBe(201);
  treasury = await shop.api.until<PlatformTreasury>('/v1/account/treasury', one => one.status === 'open');
  expect(treasury.id).toBe(made.body.id);
  expect(await shop.api.post('/v1/account/treasury', {})).toMatchObject({ status: 200, body: { id: treasury.id } });
  await balanced();
});

test('empty, the refund waits for its funds; funded, it is paid from there: I1 counts it, I4 holds for both treasuries', async () => {
  const before = await shop.buyer.balance();
  const [merchant] = await rows<{ treasury_id: string }>(stack, 'select treasury_id from payments where id = $1', [payment]);
  const took = await held(`treasury:${merchant?.treasury_id}`);
  const answer = await fromPlatform(300n);
  expect(answer).toMatchObject({ status: 201, body: { source: 'platform', payment: { reserved_atomic: '300' } } });
  const waiting = await shop.api.until<RefundView>(
    `/v1/refunds/${answer.body.id}`,
    one => one.waiting?.reason === 'insufficient_funds',
  );
  expect(waiting.status).toBe('pending');
  const short = await shop.api.post<RefundPreview>('/v1/refunds/preview', {
    payment_id: payment,
    amount_atomic: '1000',
    source: 'platform',
  });
  expect(short.body).toMatchObject({ waiting: { reason: 'insufficient_funds' }, refusals: [] });
  expect(short.body.legs.map(leg => leg.amount_atomic)).toEqual(['400', '400', '200']);

  await fund(5_000n);
  const paid = await shop.refundIs(answer.body.id, 'succeeded');
  expect((await shop.buyer.balance()) - before).toBe(300n);
  expect(await refundsOnChain(stack, await shop.buyer.tokenAccount(), paid.id)).toEqual([paid.tx_sig]);
  expect(await held(`treasury:${merchant?.treasury_id}`)).toBe(took);
  expect(paid.payment).toMatchObject({ refunded_atomic: '300', reserved_atomic: '0' });
  expect([await onChain(), await paidOut()]).toEqual([4_700n, 300n]);
  await balanced();
  expect(await held(`platform_treasury:${treasury.id}`)).toBe(4_700n);
});

test('what our fee payer signs for on an account’s behalf has an end: above it a refund waits, says why, and fails never', async () => {
  const before = await shop.buyer.balance();
  // The first leg is what the budget still allows.
  const { id } = (await fromPlatform(700n)).body;
  const waiting = await shop.api.until<RefundView>(`/v1/refunds/${id}`, one => one.waiting?.reason === 'sponsor_short');
  expect(waiting).toMatchObject({ status: 'pending', needs_attention: true, moved_atomic: '400' });
  expect(waiting.waiting).toMatchObject({
    ends_when: expect.stringContaining('budget'),
    actions: ['raise_fee_budget', 'cancel'],
  });
  const asked = await shop.api.post<RefundPreview>('/v1/refunds/preview', { payment_id: payment, amount_atomic: '1' });
  expect(asked.body.waiting).toMatchObject({ reason: 'sponsor_short', actions: ['raise_fee_budget', 'cancel'] });
  // Nor is a treasury opened beyond it.
  const { address: mint } = await generateKeyPairSigner();
  await shop.api.post('/v1/agents', { mint, label: 'One more', treasury: { kind: 'managed' } });
  // Another account's is its own.
  const other = await openShop(stack);
  await other.refundIs(await other.accepted((await other.paid()).id, 300n), 'succeeded');
  expect((await shop.api.read<RefundView>(`/v1/refunds/${id}`)).waiting?.reason).toBe('sponsor_short');

  const isOpen = async () =>
    (await shop.api.read<{ treasury: { status: string } }>(`/v1/agents/${mint}`)).treasury.status === 'open';
  expect(await isOpen()).toBe(false);
  await rows(stack, `update fee_payer_spends set created_at = created_at - interval '2 hours' returning id`);
  expect(await shop.refundIs(id, 'succeeded')).toMatchObject({ moved_atomic: '700', needs_attention: false });
  await eventually('its treasury is open', isOpen);
  expect((await shop.buyer.balance()) - before).toBe(700n);
  expect([await onChain(), await paidOut()]).toEqual([4_000n, 1_000n]);
  await balanced();
});
