import { generateKeyPairSigner } from '@solana/kit';
import type { Client } from '@temporalio/client';
import { addressOf } from '#apps/dev/funds';
import { assetOf } from '#libs/money/assets';
import type { PaymentView } from '#libs/payments/view';
import type { RefundView } from '#libs/refunds/view';
import { anotherBuyer } from '#test/support/another-buyer';
import { eventually } from '#test/support/eventually';
import { clearFaults, inject, jump, PAST_EXPIRY } from '#test/support/faults';
import { show, signProof } from '#test/support/proofs';
import { pendingPayment } from '#test/support/settlements';
import { admin, type Shop } from '#test/support/shop';
import { rows } from '#test/support/sql';
import { deposit, emptied, type Till, tillOf, withdraw } from '#test/support/treasury';
import { vanishingPayment, vanishingRefund } from '#test/support/vanishing';

/** What a path is played on. */
export interface Stage {
  shop: Shop;
  client: Client;
}

/** Plays one path of a workflow to its end; returns the workflow's id. */
type Path = (stage: Stage) => Promise<string>;

const AMOUNT = 40_000n;

/** Every path of every workflow of which a history is kept. A changed workflow gets new names here, and new histories beside the old. */
export const PATHS: Record<string, Path> = {
  'refund-plain': async ({ shop }) => {
    const id = await shop.accepted((await shop.paid()).id, AMOUNT);
    await shop.refundIs(id, 'succeeded');
    return `refund:${id}`;
  },

  'refund-waited-for-funds': async stage => {
    const { id, fund } = await waitingForFunds(stage);
    await fund();
    await stage.shop.refundIs(id, 'succeeded');
    return `refund:${id}`;
  },

  'refund-canceled': async stage => {
    const { id, fund } = await waitingForFunds(stage);
    const answer = await stage.shop.api.post(`/v1/refunds/${id}/cancel`, {});
    if (answer.status !== 200) throw new Error(`cancel was answered ${answer.status}: ${JSON.stringify(answer.body)}`);
    await stage.shop.refundIs(id, 'canceled');
    await fund();
    return `refund:${id}`;
  },

  'refund-given-up': async ({ shop, client }) => {
    const { id, fund } = await waitingForFunds({ shop, client });
    const handle = client.workflow.getHandle(`refund:${id}`);
    await handle.executeUpdate('retry', { args: [{ reason: 'look again' }] });
    await handle.executeUpdate('resolve', { args: [{ give_up: true, reason: 'nobody comes' }] });
    await shop.refundIs(id, 'failed');
    await fund();
    return `refund:${id}`;
  },

  'refund-resolved': async ({ shop, client }) => {
    const payment = await shop.paid();
    const feePayer = addressOf(shop.stack.secrets.EBB_FEE_PAYER_KEY);
    await admin(shop.stack, 'POST', '/account', { address: feePayer, lamports: '0' });
    const id = await shop.accepted(payment.id, AMOUNT);
    await shop.api.until<RefundView>(`/v1/refunds/${id}`, one => one.waiting?.reason === 'sponsor_short');
    const tx_sig = await withdraw(shop, await tillOf(shop), AMOUNT, shop.buyer.address);
    const handle = client.workflow.getHandle(`refund:${id}`);
    await eventually('the transaction is final, and resolves it', () =>
      handle.executeUpdate('resolve', { args: [{ tx_sig }] }).then(
        () => true,
        () => false,
      ),
    );
    await shop.refundIs(id, 'succeeded');
    await admin(shop.stack, 'POST', '/account', { address: feePayer, lamports: '10000000000' });
    return `refund:${id}`;
  },

  'refund-of-several-legs': async ({ shop }) => {
    const id = await shop.accepted((await shop.paid()).id);
    const refund = await shop.refundIs(id, 'succeeded');
    if (refund.transfers.length < 2) throw new Error('one transfer was enough');
    return `refund:${id}`;
  },

  'refund-partially-succeeded': async ({ shop }) => {
    const payment = await shop.paid();
    const till = await tillOf(shop);
    const fund = await emptied(shop, till);
    await deposit(shop, till, AMOUNT);
    const id = await shop.accepted(payment.id);
    await shop.api.until<RefundView>(
      `/v1/refunds/${id}`,
      one => one.moved_atomic === `${AMOUNT}` && one.waiting?.reason === 'insufficient_funds',
    );
    await shop.api.post(`/v1/refunds/${id}/cancel`, {});
    await shop.refundIs(id, 'partially_succeeded');
    await fund();
    return `refund:${id}`;
  },

  'refund-expired': async ({ shop, client }) => {
    const destination = { owner: (await generateKeyPairSigner()).address };
    const { id } = (await shop.refund((await shop.paid()).id, AMOUNT, { destination })).body;
    await shop.refundIs(id, 'requires_address');
    await rows(
      shop.stack,
      `update refunds set waiting = jsonb_set(waiting, '{expires_at}', '"2020-01-01T00:00:00.000Z"') where id = $1 returning id`,
      [id],
    );
    await client.workflow.getHandle(`refund:${id}`).signal('wake');
    await shop.refundIs(id, 'failed');
    return `refund:${id}`;
  },

  'refund-dead-attempt': async ({ shop }) => {
    const payment = await shop.paid();
    const fault = await inject(shop.stack, { kind: 'never_land', method: 'sendTransaction' });
    const id = await shop.accepted(payment.id, AMOUNT);
    await shop.api.until<RefundView>(`/v1/refunds/${id}`, one => one.waiting?.reason === 'awaiting_confirmation');
    await inject(shop.stack, { kind: 'unavailable', method: 'getLatestBlockhash' });
    await jump(shop.stack, PAST_EXPIRY);
    await shop.api.until<RefundView>(`/v1/refunds/${id}`, one => one.waiting?.reason === 'rpc_unavailable');
    await fault.clear();
    await clearFaults(shop.stack);
    const refund = await shop.refundIs(id, 'succeeded');
    if (refund.transfers[0]?.attempts.length !== 2) throw new Error('no attempt has died');
    return `refund:${id}`;
  },

  'refund-rpc-unavailable': async ({ shop }) => {
    const payment = await shop.paid();
    await inject(shop.stack, { kind: 'unavailable' });
    const id = await shop.accepted(payment.id, AMOUNT);
    await shop.api.until<RefundView>(`/v1/refunds/${id}`, one => one.waiting?.reason === 'rpc_unavailable');
    await clearFaults(shop.stack);
    await shop.refundIs(id, 'succeeded');
    return `refund:${id}`;
  },

  'refund-asked-for-address': async ({ shop }) => {
    const { id, there } = await toClosedAccount(shop);
    await shop.refundIs(id, 'requires_address');
    const answer = await shop.api.patch(`/v1/refunds/${id}`, { destination: { owner: shop.buyer.address } });
    if (answer.status !== 200) throw new Error(`the redirect was answered ${answer.status}: ${JSON.stringify(answer.body)}`);
    await shop.refundIs(id, 'succeeded');
    if (await there()) throw new Error('the closed account was opened');
    return `refund:${id}`;
  },

  'refund-reopened': async ({ shop }) => {
    await shop.api.patch('/v1/account/settings', { rent_policy: { reopen: 'always' } });
    const { id, there } = await toClosedAccount(shop);
    await shop.refundIs(id, 'succeeded');
    await shop.api.patch('/v1/account/settings', { rent_policy: { reopen: 'when_worth' } });
    if (!(await there())) throw new Error('the closed account was not opened');
    return `refund:${id}`;
  },

  'refund-mint-changed': async ({ shop }) => {
    const link = await anotherBuyer(await shop.openLink({ currency: 'USDG', price: '0.10' }), 'USDG');
    const payment = await link.paid();
    const { mint } = assetOf('solana-devnet', 'USDG');
    await admin(shop.stack, 'POST', '/mint', { mint, transfer_fee_basis_points: 50 });
    const id = await link.accepted(payment.id, AMOUNT);
    await shop.api.until<RefundView>(`/v1/refunds/${id}`, one => one.waiting?.reason === 'mint_paused');
    await admin(shop.stack, 'POST', '/mint', { mint, transfer_fee_basis_points: 0 });
    await shop.refundIs(id, 'succeeded');
    return `refund:${id}`;
  },

  'refund-reversed': async ({ shop }) => {
    const refund = await vanishingRefund(shop, (await shop.paid()).id, AMOUNT);
    await shop.refundIs(refund.id, 'processing');
    await jump(shop.stack, PAST_EXPIRY);
    await shop.refundIs(refund.id, 'succeeded');
    await clearFaults(shop.stack);
    return `refund:${refund.id}`;
  },

  'settlement-plain': async ({ shop }) => (await shop.paid()).workflow.id,

  'settlement-refused': async ({ shop }) => {
    const proof = await signProof(shop);
    const purse = await shop.buyer.tokenAccount();
    await admin(shop.stack, 'POST', '/account', { address: purse, frozen: true });
    const shown = await show(proof, shop.payUrl);
    await admin(shop.stack, 'POST', '/account', { address: purse, frozen: false });
    if (shown.status !== 402) throw new Error(`the refused proof was answered ${shown.status}`);
    return lastSettlement(shop, 'failed');
  },

  'settlement-dead': async ({ shop }) => {
    const proof = await signProof(shop);
    await inject(shop.stack, { kind: 'never_land', method: 'sendTransaction' });
    await show(proof, shop.payUrl);
    const payment = await pendingPayment(shop);
    await jump(shop.stack, PAST_EXPIRY);
    await shop.api.until<PaymentView>(`/v1/payments/${payment.id}`, one => one.status === 'failed');
    await clearFaults(shop.stack);
    return payment.workflow.id;
  },

  'settlement-reopened': async ({ shop }) => {
    const payment = await vanishingPayment(shop);
    await paymentIs(shop, payment.id, 'pending');
    await clearFaults(shop.stack);
    await paymentIs(shop, payment.id, 'settled');
    return payment.workflow.id;
  },

  'settlement-reversed': async ({ shop }) => {
    const payment = await vanishingPayment(shop);
    await paymentIs(shop, payment.id, 'pending');
    await jump(shop.stack, PAST_EXPIRY);
    await paymentIs(shop, payment.id, 'failed');
    await clearFaults(shop.stack);
    return payment.workflow.id;
  },

  'settlement-reversed-after-refund': async ({ shop }) => {
    const payment = await vanishingPayment(shop);
    await inject(shop.stack, { kind: 'never_land', method: 'sendTransaction' });
    const id = await shop.accepted(payment.id, AMOUNT);
    const refund = await shop.api.until<RefundView>(`/v1/refunds/${id}`, one => one.transfers[0]?.attempts.length === 1);
    await paymentIs(shop, payment.id, 'pending');
    const unsure = await inject(shop.stack, { kind: 'unavailable', signature: refund.transfers[0]?.attempts[0]?.signature ?? '' });
    await jump(shop.stack, PAST_EXPIRY);
    await shop.api.until<PaymentView>(`/v1/payments/${payment.id}`, one => one.waiting?.ends_when.includes('refund') === true);
    await unsure.clear();
    await paymentIs(shop, payment.id, 'failed');
    await clearFaults(shop.stack);
    return payment.workflow.id;
  },

  'open-treasury': async ({ shop }) => {
    const [treasury] = await rows<{ id: string }>(shop.stack, 'select id from treasuries limit 1');
    return `treasury:${treasury?.id}`;
  },

  'watch-treasury': async stage => {
    const { id, fund, till } = await waitingForFunds(stage);
    await fund();
    await stage.shop.refundIs(id, 'succeeded');
    return `treasury:${till.treasuryId}:${till.asset.mint}`;
  },

  'watch-sponsor': async ({ shop }) => {
    const feePayer = addressOf(shop.stack.secrets.EBB_FEE_PAYER_KEY);
    const lamports = (amount: string) => admin(shop.stack, 'POST', '/account', { address: feePayer, lamports: amount });
    const payment = await shop.paid();
    await lamports('0');
    const id = await shop.accepted(payment.id, AMOUNT);
    await shop.api.until<RefundView>(`/v1/refunds/${id}`, one => one.waiting?.reason === 'sponsor_short');
    await lamports('10000000000');
    await shop.refundIs(id, 'succeeded');
    return 'sponsor:solana-devnet';
  },

  'scan-treasuries': ({ client }) => scheduled(client, 'scanTreasuries'),
  'watch-finality': ({ client }) => scheduled(client, 'watchFinality'),
  'restart-overdue': ({ client }) => scheduled(client, 'restartOverdue'),
};

const paymentIs = (shop: Shop, id: string, status: string) =>
  shop.api.until<PaymentView>(`/v1/payments/${id}`, one => one.status === status);

/** A refund of a treasury that has lost its money, and what gives it back. */
async function waitingForFunds({ shop }: Stage): Promise<{ id: string; fund: () => Promise<unknown>; till: Till }> {
  const payment = await shop.paid();
  const till = await tillOf(shop);
  const fund = await emptied(shop, till);
  const id = await shop.accepted(payment.id, AMOUNT);
  await shop.api.until<RefundView>(`/v1/refunds/${id}`, one => one.waiting?.reason === 'insufficient_funds');
  return { id, fund, till };
}

async function lastSettlement(shop: Shop, status: string): Promise<string> {
  const [payment] = await shop.api.all<PaymentView>(`/v1/payments?status=${status}`);
  if (!payment) throw new Error(`no ${status} payment`);
  return payment.workflow.id;
}

/** A run that a Schedule started and that has ended. */
const scheduled = (client: Client, type: string): Promise<string> =>
  eventually(`a run of ${type}`, async () => {
    for await (const run of client.workflow.list({ query: `WorkflowType = '${type}' and ExecutionStatus = 'Completed'` })) {
      return run.workflowId;
    }
    return null;
  });

/** A refund to somebody who has closed the account they paid from; `there` says whether it is there again. */
async function toClosedAccount(shop: Shop): Promise<{ id: string; there(): Promise<boolean> }> {
  const theirs = await anotherBuyer(shop);
  const payment = await theirs.paid();
  await admin(shop.stack, 'POST', '/account', { address: await theirs.buyer.tokenAccount(), closed: true });
  return {
    id: await theirs.accepted(payment.id, AMOUNT),
    there: async () => (await theirs.buyer.balance()) === AMOUNT,
  };
}
