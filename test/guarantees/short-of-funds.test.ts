import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { addressOf } from '#apps/dev/funds';
import { type Stack, startStack } from '#apps/dev/stack';
import type { PaymentView } from '#libs/payments/view';
import type { RefundView } from '#libs/refunds/view';
import { eventually } from '#test/support/eventually';
import { clearFaults, inject } from '#test/support/faults';
import { violations } from '#test/support/invariants';
import { carriedAgain, commit } from '#test/support/operator';
import { TEST_PACE } from '#test/support/pace';
import { refundsOnChain } from '#test/support/refunds-on-chain';
import { admin, openShop, type Shop } from '#test/support/shop';
import { rows } from '#test/support/sql';
import { currentDetails, eventTypes, operator } from '#test/support/temporal';
import { deposit, empty, type Till, tillOf } from '#test/support/treasury';

/* A treasury without money: who waits, in which order they go on, and that nobody has to ask for it. */

let stack: Stack;
let shop: Shop;
let till: Till;
let payment: PaymentView;
let temporal: ReturnType<typeof operator>;

beforeAll(async () => {
  // Whoever waits by itself waits a minute: what goes on sooner has been woken.
  stack = await startStack({ env: { ...TEST_PACE, EBB_PACE_BACKOFF_MS: '60000', EBB_PACE_BACKOFF_MAX_MS: '60000' } });
  temporal = operator(stack);
});
beforeEach(async () => {
  shop = await openShop(stack, { price: '$1.00' });
  till = await tillOf(shop);
  payment = await shop.paid();
  await empty(shop, till);
});
afterEach(async () => {
  await clearFaults(stack);
  // With everything that was put in and taken out.
  expect(await violations(stack)).toEqual([]);
});
afterAll(async () => {
  await temporal?.close();
  await stack?.stop();
});

const read = (id: string) => shop.api.read<RefundView>(`/v1/refunds/${id}`);
const SOON_MS = 25_000;

/** Asks for a refund that finds the treasury empty, and waits until it stands in line. */
async function short(amount: bigint): Promise<string> {
  const id = await shop.accepted(payment.id, amount);
  await shop.api.until<RefundView>(`/v1/refunds/${id}`, one => one.waiting?.reason === 'insufficient_funds', SOON_MS);
  return id;
}

async function expectPaidOnce(id: string): Promise<void> {
  const refund = await shop.refundIs(id, 'succeeded', SOON_MS);
  expect(refund).toMatchObject({ waiting: null, needs_attention: false, transfers: [{ attempts: [{ outcome: 'landed' }] }] });
  expect(await refundsOnChain(stack, await shop.buyer.tokenAccount(), id)).toEqual([refund.tx_sig]);
}

const looks = async (id: string) =>
  (await eventTypes(temporal.client.workflow.getHandle(`refund:${id}`))).filter(type => type === 'ACTIVITY_TASK_COMPLETED')
    .length;

/** Looks at it once more, and finds it waiting as before. */
async function expectStillShort(id: string): Promise<void> {
  const before = await looks(id);
  expect(await shop.api.post(`/v1/refunds/${id}/retry`, {})).toMatchObject({ status: 200 });
  await eventually('it has looked again', async () => (await looks(id)) > before);
  expect(await read(id)).toMatchObject({
    status: 'pending',
    waiting: { reason: 'insufficient_funds' },
    transfers: [{ attempts: [] }],
  });
}

const told = (kind: string) =>
  rows<{ object_id: string; amount: string; asset: string; data: Record<string, unknown> }>(
    stack,
    'select object_id, amount::text, asset, data from events where kind = $1 and object_id = $2 order by sequence',
    [kind, till.treasuryId],
  );

describe('I2, I7: refunds that a treasury cannot pay wait in line and go on within seconds of a deposit:', () => {
  test('oldest first, small ones past a large one, but no more than its own amount', async () => {
    const large = await short(60_000n);
    const middle = await short(30_000n);
    const small = await short(20_000n);
    const low = await told('agent.treasury.low');
    expect(low).toMatchObject([
      {
        amount: '60000',
        asset: till.asset.mint,
        data: {
          id: till.treasuryId,
          token_account: till.account,
          on_chain_atomic: '0',
          needed_atomic: '60000',
          refund_id: large,
        },
      },
    ]);

    await deposit(shop, till, 25_000n);
    await expectPaidOnce(small);
    expect((await read(large)).waiting?.reason).toBe('insufficient_funds');
    expect((await read(middle)).waiting?.reason).toBe('insufficient_funds');

    await deposit(shop, till, 30_000n);
    await expectPaidOnce(middle);

    // 5,000 are left, and 50,000 have passed the large one: now 20,000 more may not, though they would be there.
    const late = await short(20_000n);
    await deposit(shop, till, 20_000n);
    await expectStillShort(late);
    expect(await till.balance()).toBe(25_000n);

    await deposit(shop, till, 35_000n);
    await expectPaidOnce(large);
    expect((await read(late)).waiting?.reason).toBe('insufficient_funds');
    await deposit(shop, till, 20_000n);
    await expectPaidOnce(late);
    expect(await till.balance()).toBe(0n);
    expect(await told('agent.treasury.low')).toHaveLength(1);
  });

  test('a new small refund passes at once where its money is there', async () => {
    await deposit(shop, till, 30_000n);
    const large = await short(80_000n);
    const { balances } = await shop.api.read<{ balances: Record<string, string>[] }>(
      `/v1/agents/${shop.agent}/treasury/balances`,
    );
    expect(balances.find(one => one.asset === till.asset.mint)).toMatchObject({
      token_account: till.account,
      on_chain_atomic: '30000',
      in_flight_atomic: '0',
      reserved_atomic: '80000',
      available_atomic: '0',
      short_atomic: '50000',
    });
    const small = await shop.accepted(payment.id, 10_000n);
    await expectPaidOnce(small);
    expect((await read(large)).waiting?.reason).toBe('insufficient_funds');
    await deposit(shop, till, 60_000n);
    await expectPaidOnce(large);
  });

  test('two that ask at once for the same money: one has it, the other waits and signs nothing', async () => {
    await deposit(shop, till, 50_000n);
    const ids = await Promise.all([shop.accepted(payment.id, 40_000n), shop.accepted(payment.id, 40_000n)]);
    await eventually('both have been looked at', async () => {
      const all = await Promise.all(ids.map(read));
      return all.every(one => one.status === 'succeeded' || one.waiting?.reason === 'insufficient_funds');
    });
    const states = (await Promise.all(ids.map(read))).map(one => [one.status, one.transfers[0]?.attempts.length]);
    expect(states.sort()).toEqual([
      ['pending', 0],
      ['succeeded', 1],
    ]);
    await deposit(shop, till, 30_000n);
    for (const id of ids) await expectPaidOnce(id);
  });

  test('one that is canceled gives its place up, and the watch ends with the last', async () => {
    const first = await short(50_000n);
    const second = await short(20_000n);
    const watcher = temporal.client.workflow.getHandle(`treasury:${till.treasuryId}:${till.asset.mint}`);
    const details = await eventually('the watcher tells what it waits for', () => currentDetails(watcher));
    expect(details).toContain('insufficient_funds');
    await shop.api.post(`/v1/refunds/${first}/cancel`, {});
    await deposit(shop, till, 20_000n);
    await expectPaidOnce(second);
    await eventually('the watcher has ended', async () => (await watcher.describe()).status.name === 'COMPLETED');
    expect(await rows(stack, 'select from watches where treasury_id = $1', [till.treasuryId])).toEqual([]);
    expect(await rows(stack, 'select from funds_queue where treasury_id = $1', [till.treasuryId])).toEqual([]);

    // Short again: watched again, and told again.
    const third = await short(10_000n);
    expect(await told('agent.treasury.low')).toHaveLength(2);
    await deposit(shop, till, 10_000n);
    await expectPaidOnce(third);
  });

  test('though the watcher was terminated from outside', async () => {
    const id = await short(10_000n);
    const handle = temporal.client.workflow.getHandle(`treasury:${till.treasuryId}:${till.asset.mint}`);
    await eventually('it is watched', () => handle.describe().catch(() => null));
    const lost = await commit(temporal.client, handle.workflowId, 'terminate');
    await carriedAgain(temporal.client, handle.workflowId, lost);
    await deposit(shop, till, 10_000n);
    await expectPaidOnce(id);
  });

  test('though no node answered for a while', async () => {
    const id = await short(10_000n);
    const fault = await inject(stack, { kind: 'unavailable', method: 'getAccountInfo' });
    const handle = temporal.client.workflow.getHandle(`treasury:${till.treasuryId}:${till.asset.mint}`);
    await eventually('it says so', async () => (await currentDetails(handle)).includes('rpc_unavailable'), SOON_MS);
    await deposit(shop, till, 10_000n);
    await fault.clear();
    await expectPaidOnce(id);
  });
});

test('I7: refunds that wait for SOL for their network fee go on within seconds of the fee payer being funded', async () => {
  await deposit(shop, till, 30_000n);
  const feePayer = addressOf(stack.secrets.EBB_FEE_PAYER_KEY);
  const fund = (lamports: string) => admin(stack, 'POST', '/account', { address: feePayer, lamports });
  await fund('0');
  const ids = [await shop.accepted(payment.id, 10_000n), await shop.accepted(payment.id, 20_000n)];
  for (const id of ids)
    await shop.api.until<RefundView>(`/v1/refunds/${id}`, one => one.waiting?.reason === 'sponsor_short', SOON_MS);
  const watcher = temporal.client.workflow.getHandle('sponsor:solana-devnet');
  await eventually('the watcher tells what it waits for', async () => (await currentDetails(watcher)).includes('sponsor_short'));
  await fund('10000000000');
  for (const id of ids) await expectPaidOnce(id);
  await eventually('the watcher has ended', async () => (await watcher.describe()).status.name === 'COMPLETED');
});
