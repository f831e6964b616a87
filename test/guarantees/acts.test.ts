import { randomBytes } from 'node:crypto';
import { getBase58Decoder, signBytes } from '@solana/kit';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { type Buyer, fundBuyer, openBuyer } from '#apps/dev/buyer';
import { type Stack, startStack } from '#apps/dev/stack';
import { assetOf } from '#libs/money/assets';
import { redirectBytes, redirectText } from '#libs/refunds/redirect-proof';
import type { RefundView } from '#libs/refunds/view';
import type { Step } from '#libs/steps/registry';
import { eventually } from '#test/support/eventually';
import { inject } from '#test/support/faults';
import { violations } from '#test/support/invariants';
import { stepFile, stepLines } from '#test/support/kills';
import { TEST_PACE } from '#test/support/pace';
import { refundsOnChain } from '#test/support/refunds-on-chain';
import { admin, adminOf, openShop, type Shop } from '#test/support/shop';
import { rows } from '#test/support/sql';
import { operator } from '#test/support/temporal';

const AMOUNT = 1_000n;

let stack: Stack;
let shop: Shop;
let payment: string;

beforeAll(async () => {
  stack = await startStack({ env: TEST_PACE, temporalOnFile: true });
  shop = await openShop(stack);
  payment = (await shop.paid()).id;
});
afterEach(async () => expect(await violations(stack)).toEqual([]));
afterAll(() => stack?.stop());

const act = (id: string, what: string, body: object = {}) => shop.api.post<Problem>(`/v1/refunds/${id}/${what}`, body);
interface Problem {
  status: string;
  code?: string;
}

const freeze = async (frozen: boolean) => admin(stack, 'POST', '/account', { address: await shop.buyer.tokenAccount(), frozen });
const onChain = async (id: string) => refundsOnChain(stack, await shop.buyer.tokenAccount(), id);

/** How the runs of its workflow ended, by what the books kept of them. */
const outcomes = async (id: string) =>
  (await rows<{ outcome: string }>(stack, 'select outcome from workflow_outcomes where object_id = $1', [id])).map(
    row => row.outcome,
  );
const endedAs = (id: string, outcome: string) =>
  eventually(`${id} has ended as ${outcome}`, async () => (await outcomes(id)).includes(outcome));

/** A worker that stands still at the step when it next reaches it, until it is woken. */
async function stalling(step: Step): Promise<{ stalled(): Promise<unknown>; wake(): void }> {
  const worker = stack.part('worker');
  await worker.kill();
  await worker.start({ EBB_STEP_FAULT: `${step}:stall`, EBB_STEP_FILE: stepFile(stack) });
  const line = `!${step}:stall ${worker.pid}`;
  return {
    stalled: () => eventually(`the worker stands still at ${step}`, async () => stepLines(stack).includes(line)),
    wake: () => void worker.kill('SIGCONT'),
  };
}

/** Temporal is gone while this runs, and back after it. */
async function withoutTemporal<T>(work: () => Promise<T>): Promise<T> {
  const temporal = stack.part('temporal');
  await temporal.kill();
  try {
    return await work();
  } finally {
    await temporal.start();
  }
}

test('I2: of a cancel and a worker about to sign exactly one wins: canceled, the woken worker signs nothing', async () => {
  const worker = await stalling('refund.store');
  const before = await shop.buyer.balance();
  const id = await shop.accepted(payment, AMOUNT);
  await worker.stalled();

  expect(await act(id, 'cancel')).toMatchObject({ status: 200, body: { status: 'canceled' } });
  worker.wake();

  await endedAs(id, 'canceled');
  const refund = await shop.refundIs(id, 'canceled');
  expect(refund).toMatchObject({ voided_atomic: '1000', moved_atomic: '0', transfers: [{ status: 'voided', attempts: [] }] });
  expect(await onChain(id)).toEqual([]);
  expect(await shop.buyer.balance()).toBe(before);
});

test('I2: of a cancel and a worker that has signed exactly one wins: the cancel is refused, and it is paid', async () => {
  const worker = await stalling('refund.send');
  const id = await shop.accepted(payment, AMOUNT);
  await worker.stalled();

  expect(await act(id, 'cancel')).toMatchObject({ status: 409, body: { code: 'attempt_live' } });
  worker.wake();

  const { tx_sig } = await shop.refundIs(id, 'succeeded');
  expect(await onChain(id)).toEqual([tx_sig]);
  expect(await act(id, 'cancel')).toMatchObject({ status: 409, body: { code: 'refund_not_cancelable' } });
});

test('a waiting refund that is canceled ends its workflow, and Temporal shows how', async () => {
  await freeze(true);
  const id = await shop.accepted(payment, AMOUNT);
  await shop.api.until<{ waiting: { reason: string } | null }>(
    `/v1/refunds/${id}`,
    refund => refund.waiting?.reason === 'destination_frozen',
  );
  expect(await act(id, 'cancel', { reason: 'ordered again' })).toMatchObject({ status: 200, body: { status: 'canceled' } });
  await freeze(false);

  await endedAs(id, 'canceled');
  const { client, close } = operator(stack);
  const handle = client.workflow.getHandle(`refund:${id}`);
  expect(await handle.result()).toEqual({ status: 'canceled' });
  const shown = await eventually('the end is shown', async () => {
    const { searchAttributes } = await handle.describe();
    return searchAttributes.FlowStatus?.[0] === 'canceled' ? searchAttributes : null;
  });
  expect(shown.NeedsAttention).toEqual([false]);
  expect(await outcomes(id)).toEqual(['canceled']);
  await close();
});

test('acts from the Temporal UI are the same acts: repeated by their id, refused without harm', async () => {
  await freeze(true);
  const id = await shop.accepted(payment, AMOUNT);
  await shop.api.until<{ waiting: { reason: string } | null }>(
    `/v1/refunds/${id}`,
    refund => refund.waiting?.reason === 'destination_frozen',
  );
  const { client, close } = operator(stack);
  const handle = client.workflow.getHandle(`refund:${id}`);

  await expect(handle.executeUpdate('retry', { args: [{ nonsense: 1 }] })).rejects.toMatchObject({
    cause: { type: 'invalid_request' },
  });
  expect(await handle.executeUpdate('retry', { updateId: 'once', args: [{ reason: 'look again' }] })).toEqual({
    status: 'pending',
  });
  expect(await handle.executeUpdate('cancel', { updateId: 'stop' })).toEqual({ status: 'canceled' });
  await freeze(false);

  await endedAs(id, 'canceled');
  const acts = await rows(stack, 'select id, kind, actor_type, status_after from acts where refund_id = $1 order by created_at', [
    id,
  ]);
  expect(acts).toEqual([
    { id: `refund:${id}/once`, kind: 'retry', actor_type: 'operator', status_after: 'pending' },
    { id: `refund:${id}/stop`, kind: 'cancel', actor_type: 'operator', status_after: 'canceled' },
  ]);
  expect(await onChain(id)).toEqual([]);
  await close();
});

/** A wallet that holds the asset already, and one that has never held any. */
async function friend(opened: boolean): Promise<Buyer> {
  const buyer = await openBuyer(stack.urls.rpc, randomBytes(32));
  if (opened) await fundBuyer(adminOf(stack), buyer, 1n);
  return buyer;
}

/** What the buyer signs so that a refund goes elsewhere. */
async function agreement(refund: string, owner: string) {
  const nonce = randomBytes(12).toString('base64url');
  const expires_at = new Date(Date.now() + 600_000).toISOString();
  const about = { network: 'solana-devnet', payment_id: payment, refund_id: refund, amount_atomic: `${AMOUNT}` };
  const text = redirectText({ ...about, owner, nonce, expires_at });
  const [bytes] = redirectBytes(shop.buyer.address, text);
  const signature = await signBytes(shop.buyer.signer.keyPair.privateKey, bytes ?? new Uint8Array());
  return { owner, proof: { nonce, expires_at, signature: getBase58Decoder().decode(signature) } };
}

test('a refund whose destination is frozen goes where the payer’s signature sends it, also while Temporal is down', async () => {
  await freeze(true);
  const to = await friend(true);
  const id = await shop.accepted(payment, AMOUNT);
  await shop.api.until<{ waiting: { reason: string } | null }>(
    `/v1/refunds/${id}`,
    refund => refund.waiting?.reason === 'destination_frozen',
  );
  await withoutTemporal(async () => {
    const answer = await shop.api.patch<RefundView>(`/v1/refunds/${id}`, { destination: await agreement(id, to.address) });
    expect(answer).toMatchObject({ status: 200, body: { destination: { owner: to.address, how: 'redirect_signed' } } });
  });
  const { tx_sig } = await shop.refundIs(id, 'succeeded');
  expect(await to.balance()).toBe(AMOUNT + 1n);
  expect(await refundsOnChain(stack, await to.tokenAccount(), id)).toEqual([tx_sig]);
  expect(await onChain(id)).toEqual([]);
  await freeze(false);
});

test('a destination that the chain could not be asked about is asked about by the workflow: a mint is never paid', async () => {
  // A mint's address is on the curve: only the chain knows that it is no wallet.
  const { mint: owner } = assetOf('solana-devnet', 'USDT');
  const destination = { owner };
  expect(await shop.refund(payment, AMOUNT, { destination })).toMatchObject({
    status: 422,
    body: { code: 'destination_is_token_account' },
  });
  await admin(stack, 'POST', '/mint-to', { owner, mint: assetOf('solana-devnet', 'USDC').mint, amount_atomic: '1' });
  const silent = await inject(stack, { kind: 'unavailable', method: 'getMultipleAccounts', times: 1 });
  const answer = await shop.refund(payment, AMOUNT, { destination });
  expect([answer.status, await silent.met()]).toEqual([201, 1]);
  await shop.refundIs(answer.body.id, 'requires_address');
  expect(await act(answer.body.id, 'cancel')).toMatchObject({ status: 200, body: { status: 'canceled' } });
});

test('a destination without an account waits for one, says so, and is paid after a retry once it is there', async () => {
  const to = await friend(false);
  const answer = await shop.refund(payment, AMOUNT, { destination: { owner: to.address } });
  expect(answer).toMatchObject({ status: 201, body: { destination: { how: 'redirect_scope' } } });
  const { id } = answer.body;
  const waiting = await shop.refundIs(id, 'requires_address');
  expect(waiting).toMatchObject({
    needs_attention: true,
    waiting: { reason: 'address', actions: ['redirect', 'retry', 'cancel'] },
  });
  await fundBuyer(adminOf(stack), to, 1n);
  expect(await act(id, 'retry')).toMatchObject({ status: 200, body: { status: 'pending' } });
  await shop.refundIs(id, 'succeeded');
  expect(await to.balance()).toBe(AMOUNT + 1n);
});

test('I2: a redirect while a worker is about to sign: what it signs goes to the new destination alone', async () => {
  const worker = await stalling('refund.store');
  const to = await friend(true);
  const id = await shop.accepted(payment, AMOUNT);
  await worker.stalled();
  expect(await shop.api.patch(`/v1/refunds/${id}`, { destination: { owner: to.address } })).toMatchObject({ status: 200 });
  worker.wake();
  const { tx_sig } = await shop.refundIs(id, 'succeeded');
  expect(await onChain(id)).toEqual([]);
  expect(await refundsOnChain(stack, await to.tokenAccount(), id)).toEqual([tx_sig]);
});

test('a cancel while Temporal is down holds at once, and its workflow ends when Temporal is back', async () => {
  const id = await withoutTemporal(async () => {
    const refund = await shop.accepted(payment, AMOUNT);
    expect(await act(refund, 'cancel')).toMatchObject({ status: 200, body: { status: 'canceled' } });
    return refund;
  });
  await endedAs(id, 'canceled');
  expect(await outcomes(id)).toEqual(['canceled']);
  expect(await onChain(id)).toEqual([]);
});

test('a retry while Temporal is down wakes the refund when Temporal is back', async () => {
  // So long a pause that nothing but a wake ends it within the test.
  const api = stack.part('api');
  await api.kill();
  await api.start({ EBB_PACE_BACKOFF_MS: '600000', EBB_PACE_BACKOFF_MAX_MS: '600000' });
  await freeze(true);
  const id = await shop.accepted(payment, AMOUNT);
  await shop.api.until<{ waiting: { reason: string } | null }>(
    `/v1/refunds/${id}`,
    refund => refund.waiting?.reason === 'destination_frozen',
  );
  await withoutTemporal(async () => {
    await freeze(false);
    expect(await act(id, 'retry')).toMatchObject({ status: 200, body: { status: 'pending' } });
  });
  const { tx_sig } = await shop.refundIs(id, 'succeeded');
  expect(await onChain(id)).toEqual([tx_sig]);
  await api.kill();
  await api.start();
});
