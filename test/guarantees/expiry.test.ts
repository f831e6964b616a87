import { generateKeyPairSigner } from '@solana/kit';
import type { Client } from '@temporalio/client';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { type Stack, startStack } from '#apps/dev/stack';
import type { RefundView } from '#libs/refunds/view';
import { eventually } from '#test/support/eventually';
import { violations } from '#test/support/invariants';
import { bothSides, type Kill, stepFile, stepLines, told, Victim } from '#test/support/kills';
import { TEST_PACE } from '#test/support/pace';
import { admin, openShop, type Shop } from '#test/support/shop';
import { rows } from '#test/support/sql';
import { operator } from '#test/support/temporal';

const AMOUNT = 300n;
const DAY_MS = 86_400_000;
const KILLS = bothSides('refund.expire');
/** Between the first leg and the second. */
const BETWEEN: Kill = { step: 'refund.store', moment: 'before', nth: 2 };

let stack: Stack;
let shop: Shop;
let payment: string;
let worker: Victim;
let temporal: { client: Client; close(): Promise<void> };

beforeAll(async () => {
  stack = await startStack({ env: { ...TEST_PACE, EBB_MAX_LEG_DEVNET_ATOMIC: '400' }, slotMs: 200 });
  temporal = operator(stack);
  shop = await openShop(stack);
  payment = (await shop.paid()).id;
  worker = new Victim(stack, 'worker', [...KILLS, BETWEEN]);
});
afterEach(async () => expect(await violations(stack)).toEqual([]));
afterAll(async () => {
  await temporal?.close();
  await stack?.stop();
});

const act = (id: string, what: string, body: object = {}) =>
  shop.api.post<RefundView & { code?: string }>(`/v1/refunds/${id}/${what}`, body);
const wake = (id: string) => temporal.client.workflow.getHandle(`refund:${id}`).signal('wake');
const row = async (id: string) => {
  const [one] = await rows<{ sleeps_ms: string; waits_ms: string }>(
    stack,
    `select extract(epoch from next_due_at - now()) * 1000 as sleeps_ms,
       extract(epoch from (waiting ->> 'expires_at')::timestamptz - (waiting ->> 'since')::timestamptz) * 1000 as waits_ms
     from refunds where id = $1`,
    [id],
  );
  return { sleeps_ms: Number(one?.sleeps_ms), waits_ms: Number(one?.waits_ms) };
};
/** As if so much of its time had gone by: it ends so many milliseconds from now. */
const endsIn = (id: string, ms: number) =>
  rows(
    stack,
    `update refunds set waiting = jsonb_set(waiting, '{expires_at}', to_jsonb(to_char(
       (now() + $2::int * interval '1 millisecond') at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))) where id = $1 returning id`,
    [id, ms],
  );
const endedAs = (id: string, outcome: string) =>
  eventually(`${id} has ended as ${outcome}`, async () => {
    const kept = await rows<{ outcome: string }>(stack, 'select outcome from workflow_outcomes where object_id = $1', [id]);
    return kept.some(one => one.outcome === outcome);
  });
const events = async (id: string) =>
  (await rows<{ kind: string }>(stack, 'select kind from events where object_id = $1 order by sequence', [id])).map(
    one => one.kind,
  );

/** A refund that waits for an address: nobody's account is where it should go. */
async function waitingForAddress(): Promise<string> {
  const owner = (await generateKeyPairSigner()).address;
  const answer = await shop.refund(payment, AMOUNT, { destination: { owner } });
  expect(answer.status).toBe(201);
  await shop.refundIs(answer.body.id, 'requires_address');
  return answer.body.id;
}

async function expired(id: string): Promise<RefundView> {
  const refund = await shop.refundIs(id, 'failed');
  expect(refund).toMatchObject({
    waiting: null,
    needs_attention: false,
    voided_atomic: `${AMOUNT}`,
    failure: { code: 'expired' },
  });
  expect(refund.completed_at).not.toBeNull();
  expect((await events(id)).filter(kind => kind === 'refund.failed')).toHaveLength(1);
  await endedAs(id, 'failed');
  return refund;
}

test('I7: a wait for a person has an end, by the account’s setting, and its carrier sleeps until then', async () => {
  expect(await shop.api.patch('/v1/account/settings', { people_wait_days: 7 })).toMatchObject({ status: 200 });
  const id = await waitingForAddress();
  const { waits_ms, sleeps_ms } = await row(id);
  expect(Math.abs(waits_ms - 7 * DAY_MS)).toBeLessThan(1_000);
  expect(sleeps_ms).toBeGreaterThan(0.9 * DAY_MS);

  const handle = temporal.client.workflow.getHandle(`refund:${id}`);
  const asleep = await eventually('it sleeps', async () => {
    const { historyLength } = await handle.describe();
    await new Promise(resolve => setTimeout(resolve, 1_500));
    return (await handle.describe()).historyLength === historyLength ? historyLength : null;
  });
  // Longer than a row of this pace may be silent: nobody takes it for abandoned.
  await new Promise(resolve => setTimeout(resolve, 6_000));
  expect((await handle.describe()).historyLength).toBe(asleep);
  expect(await events(id)).toEqual(['refund.created', 'refund.requires_address']);

  const refundable = BigInt((await shop.payment(payment)).refundable_atomic);
  await endsIn(id, -1_000);
  await wake(id);
  await expired(id);
  expect(BigInt((await shop.payment(payment)).refundable_atomic)).toBe(refundable + AMOUNT);
  expect(await act(id, 'cancel')).toMatchObject({ status: 409, body: { code: 'refund_not_cancelable' } });
  expect(await act(id, 'retry')).toMatchObject({ status: 409, body: { code: 'refund_state_conflict' } });
});

test('its own timer ends it, in a worker that was not there when the wait began', async () => {
  const id = await waitingForAddress();
  const { workflow } = await shop.api.read<RefundView>(`/v1/refunds/${id}`);
  await stack.part('worker').kill();
  await endsIn(id, 4_000);
  // A run that begins now learns the end of its time from the row.
  await temporal.client.workflow.getHandle(workflow.id).terminate('somebody pressed the button');
  await rows(stack, `update refunds set next_due_at = now() - interval '1 second' where id = $1 returning id`, [id]);
  await stack.part('worker').start();
  await expired(id);
});

for (const kill of KILLS) {
  test(`a worker killed ${told(kill)} gives the money back once`, async () => {
    const id = await waitingForAddress();
    await worker.doom(kill);
    await endsIn(id, -1_000);
    await wake(id);
    await worker.died(kill);
    await worker.revive(kill);
    await expired(id);
    const voids = await rows(stack, `select id from ledger_transfers where kind = 'void' and source_id = $1`, [id]);
    expect(voids).toHaveLength(1);
  });
}

test('a refund of which a leg has moved expires as partially succeeded, and the rest is refunded anew', async () => {
  const before = await shop.buyer.balance();
  const purse = await shop.buyer.tokenAccount();
  await worker.doom(BETWEEN);
  const id = await shop.accepted(payment, 1_000n);
  await worker.died(BETWEEN);
  await admin(stack, 'POST', '/account', { address: purse, owner: (await generateKeyPairSigner()).address });
  await worker.revive(BETWEEN);
  expect(await shop.refundIs(id, 'requires_address')).toMatchObject({ moved_atomic: '400', waiting: { reason: 'address' } });
  await endsIn(id, -1_000);
  await wake(id);
  const ended = await shop.refundIs(id, 'partially_succeeded');
  expect(ended).toMatchObject({ moved_atomic: '400', voided_atomic: '600', failure: { code: 'expired' } });
  expect(ended.transfers.map(leg => leg.status)).toEqual(['posted', 'voided', 'voided']);
  await endedAs(id, 'partially_succeeded');
  await admin(stack, 'POST', '/account', { address: purse, owner: shop.buyer.address });
  await shop.refundIs(await shop.accepted(payment, 600n), 'succeeded');
  expect((await shop.buyer.balance()) - before).toBe(1_000n);
});

test('of a person who acts in the last moment and the end of the time one wins: the person, and the refund goes on', async () => {
  const id = await waitingForAddress();
  const part = stack.part('worker');
  await part.kill();
  await endsIn(id, -1_000);
  await part.start({ EBB_STEP_FAULT: 'refund.expire:stall', EBB_STEP_FILE: stepFile(stack) });
  await wake(id);
  const line = `!refund.expire:stall ${part.pid}`;
  await eventually('the worker is about to end it', async () => stepLines(stack).includes(line));
  const destination = { owner: shop.buyer.address };
  expect(await shop.api.patch(`/v1/refunds/${id}`, { destination })).toMatchObject({
    status: 200,
    body: { status: 'pending' },
  });
  void part.kill('SIGCONT');
  expect(await shop.refundIs(id, 'succeeded')).toMatchObject({ failure: null, moved_atomic: `${AMOUNT}` });
});
