import { readFileSync } from 'node:fs';
import type { Client } from '@temporalio/client';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Stack, startStack } from '#apps/dev/stack';
import type { RefundView } from '#libs/refunds/view';
import { eventually } from '#test/support/eventually';
import { clearFaults, inject, jump, PAST_EXPIRY } from '#test/support/faults';
import { violations } from '#test/support/invariants';
import { carriedAgain, commit, type Outrage } from '#test/support/operator';
import { TEST_PACE } from '#test/support/pace';
import { refundsOnChain } from '#test/support/refunds-on-chain';
import { admin, openShop, type Shop } from '#test/support/shop';
import { rows } from '#test/support/sql';
import { operator } from '#test/support/temporal';
import { emptied, tillOf } from '#test/support/treasury';
import { searchAttributes } from '#workflows/contracts/search-attributes';

let stack: Stack;
let shop: Shop;
let temporal: ReturnType<typeof operator>;
let client: Client;

beforeAll(async () => {
  stack = await startStack({ env: TEST_PACE });
  temporal = operator(stack);
  client = temporal.client;
  shop = await openShop(stack);
});
afterEach(() => clearFaults(stack));
afterAll(async () => {
  await temporal?.close();
  await stack?.stop();
});

const AMOUNT = 20_000n;
const purse = () => shop.buyer.tokenAccount();
const read = (id: string) => shop.api.read<RefundView>(`/v1/refunds/${id}`);
const waits = (id: string, reason: string) =>
  shop.api.until<RefundView>(`/v1/refunds/${id}`, one => one.waiting?.reason === reason);

/** Each refund succeeded, by one transaction on the chain; its rows are told as ended; and everything else holds. */
async function expectOnceEach(ids: readonly string[], balance: bigint): Promise<void> {
  for (const id of ids) {
    const refund = await shop.refundIs(id, 'succeeded');
    expect(refund).toMatchObject({ needs_attention: false, waiting: null });
    expect(await refundsOnChain(stack, await purse(), id)).toEqual([refund.tx_sig]);
    const outcomes = await rows<{ outcome: string }>(stack, 'select outcome from workflow_outcomes where object_id = $1', [id]);
    expect(outcomes).toContainEqual({ outcome: 'succeeded' });
  }
  expect((await shop.buyer.balance()) - balance).toBe(AMOUNT * BigInt(ids.length));
  expect(await violations(stack)).toEqual([]);
}

/** A wait that a refund can be in: how it gets there, and what ends it. */
const WAITS: [string, () => Promise<() => Promise<unknown>>][] = [
  [
    'insufficient_funds',
    async () => {
      return emptied(shop, await tillOf(shop));
    },
  ],
  [
    'destination_frozen',
    async () => {
      await admin(stack, 'POST', '/account', { address: await purse(), frozen: true });
      return async () => admin(stack, 'POST', '/account', { address: await purse(), frozen: false });
    },
  ],
  [
    'awaiting_confirmation',
    async () => {
      const fault = await inject(stack, { kind: 'never_land', method: 'sendTransaction' });
      return () => fault.clear();
    },
  ],
  [
    'outcome_unknown',
    async () => {
      await inject(stack, { kind: 'never_land', method: 'sendTransaction' });
      await inject(stack, { kind: 'gap', from_slot: 0, to_slot: 1_000_000_000, method: 'getBlocks' });
      setTimeout(() => void jump(stack, PAST_EXPIRY), 1_000);
      return () => clearFaults(stack);
    },
  ],
  [
    'rpc_unavailable',
    async () => {
      const fault = await inject(stack, { kind: 'unavailable' });
      return () => fault.clear();
    },
  ],
];

describe('I2, I7: refunds whose workflows are terminated, canceled and reset from outside end once all the same, from the wait', () => {
  test.each(WAITS)('%s', async (reason, enter) => {
    const payment = await shop.paid();
    const balance = await shop.buyer.balance();
    const leave = await enter();
    const outrages: Outrage[] = ['terminate', 'cancel', 'reset'];
    const ids = await Promise.all(outrages.map(() => shop.accepted(payment.id, AMOUNT)));
    for (const id of ids) await waits(id, reason);

    const lost = await Promise.all(outrages.map((outrage, at) => commit(client, `refund:${ids[at]}`, outrage)));
    for (const [at, id] of ids.entries()) {
      await carriedAgain(client, `refund:${id}`, lost[at] ?? '');
      expect((await read(id)).payment).toMatchObject({ refunded_atomic: '0', reserved_atomic: `${AMOUNT * 3n}` });
    }
    // What was gone without a word has been noticed: the row says so, and so does the run that carries it now.
    for (const id of ids.slice(0, 2)) {
      expect(await read(id)).toMatchObject({ needs_attention: true, waiting: { reason } });
      await eventually('its new run asks for someone', async () => {
        const { typedSearchAttributes } = await client.workflow.getHandle(`refund:${id}`).describe();
        return typedSearchAttributes.get(searchAttributes.needsAttention);
      });
    }

    await leave();
    await expectOnceEach(ids, balance);
  });
});

test('I2, I7: a refund whose workflow is terminated before any worker has seen it ends once', async () => {
  const payment = await shop.paid();
  const balance = await shop.buyer.balance();
  const worker = stack.part('worker');
  await worker.kill();
  const id = await shop.accepted(payment.id, AMOUNT);
  await eventually('the relay has started it', () =>
    client.workflow
      .getHandle(`refund:${id}`)
      .describe()
      .catch(() => null),
  );
  await commit(client, `refund:${id}`, 'terminate');
  expect(await read(id)).toMatchObject({ status: 'pending', waiting: { reason: 'not_yet_sent' } });

  await worker.start();
  const told = () =>
    rows<{ kind: string }>(stack, `select kind from events where object_id = $1 and kind = 'refund.needs_attention'`, [id]);
  await eventually('it is told that nobody carried it', async () => (await told()).length === 1);
  await expectOnceEach([id], balance);
});

describe('I2: a refund whose workflow is terminated after its transfer landed and before it is posted ends once', () => {
  test.each([
    ['and its worker dies', 'SIGKILL'],
    ['and its worker wakes and posts it for a run that is gone', 'SIGCONT'],
  ] as const)('%s', async (_how, signal) => {
    const payment = await shop.paid();
    const balance = await shop.buyer.balance();
    const worker = stack.part('worker');
    await worker.stop();
    await worker.start({ EBB_STEP_FAULT: 'refund.post:stall' });
    const id = await shop.accepted(payment.id, AMOUNT);
    await eventually('the transfer has landed', async () => (await shop.buyer.balance()) === balance + AMOUNT);
    await eventually('the worker stands still', async () => readFileSync(`/proc/${worker.pid}/stat`, 'utf8').includes(') T '));
    await commit(client, `refund:${id}`, 'terminate');
    expect(await read(id)).toMatchObject({ status: 'processing', moved_atomic: '0', payment: { reserved_atomic: `${AMOUNT}` } });

    if (signal === 'SIGKILL') await worker.kill();
    else worker.kill(signal);
    if (signal === 'SIGKILL') await worker.start();
    await expectOnceEach([id], balance);
    if (signal === 'SIGCONT') {
      await worker.stop();
      await worker.start();
    }
  });
});

test('I2: a refund that succeeded moves nothing more when its workflow is reset', async () => {
  const payment = await shop.paid();
  const balance = await shop.buyer.balance();
  const id = await shop.accepted(payment.id, AMOUNT);
  const before = await shop.refundIs(id, 'succeeded');
  await eventually(
    'its workflow has ended',
    async () => (await client.workflow.getHandle(`refund:${id}`).describe()).status.name === 'COMPLETED',
  );

  await commit(client, `refund:${id}`, 'reset');
  const again = client.workflow.getHandle(`refund:${id}`);
  expect(await again.result()).toMatchObject({ status: 'succeeded' });

  expect(await read(id)).toMatchObject({ status: 'succeeded', tx_sig: before.tx_sig, receipt_hash: before.receipt_hash });
  const { runId } = await again.describe();
  const outcomes = await rows(stack, 'select outcome from workflow_outcomes where run_id = $1', [runId]);
  expect(outcomes).toEqual([{ outcome: 'succeeded' }]);
  await expectOnceEach([id], balance);
});
