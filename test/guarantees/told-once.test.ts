import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Stack, startStack } from '#apps/dev/stack';
import type { PaymentView } from '#libs/payments/view';
import type { RefundView } from '#libs/refunds/view';
import { clearFaults, inject, jump, PAST_EXPIRY } from '#test/support/faults';
import { violations } from '#test/support/invariants';
import { TEST_PACE } from '#test/support/pace';
import { openShop, type Shop } from '#test/support/shop';
import { rows } from '#test/support/sql';

let stack: Stack;
let shop: Shop;

beforeAll(async () => {
  stack = await startStack({ env: TEST_PACE });
  shop = await openShop(stack);
});
afterAll(() => stack?.stop());

interface Told {
  kind: string;
  sequence: string;
  status: string;
}

/** What was told of an object, in order: each event with the state it shows. */
const toldOf = (id: string): Promise<Told[]> =>
  rows(stack, `select kind, sequence, data ->> 'status' as status from events where object_id = $1 order by sequence`, [id]);

test('I6: every change of a payment and its refunds is told once, in order and without gaps', async () => {
  const payment = await shop.paid();
  const part = await shop.accepted(payment.id, 40_000n);
  await shop.refundIs(part, 'succeeded');
  const rest = await shop.accepted(payment.id);
  await shop.refundIs(rest, 'succeeded');
  for (const id of [part, rest]) {
    await shop.api.until<RefundView>(`/v1/refunds/${id}`, refund => refund.finalized_at !== null);
  }
  await shop.api.until<PaymentView>(`/v1/payments/${payment.id}`, one => one.finalized_at !== null);

  // `finalized` of the payment comes when the chain says so, somewhere among the others.
  const told = await toldOf(payment.id);
  expect(told.filter(one => one.kind !== 'payment.finalized').map(one => [one.kind, one.status])).toEqual([
    ['payment.settled', 'settled'],
    ['payment.delivered', 'settled'],
    ['payment.partially_refunded', 'partially_refunded'],
    ['payment.refunded', 'refunded'],
  ]);
  expect(told.filter(one => one.kind === 'payment.finalized')).toHaveLength(1);
  for (const id of [part, rest]) {
    expect((await toldOf(id)).map(one => [one.kind, one.status])).toEqual([
      ['refund.created', 'pending'],
      ['refund.processing', 'processing'],
      ['refund.succeeded', 'succeeded'],
      ['refund.finalized', 'succeeded'],
    ]);
  }
  await expectNoGaps();
});

test('I6: a refund whose first attempt died is told step by step, each step once', async () => {
  const payment = await shop.paid();
  const nothing = await inject(stack, { kind: 'never_land', method: 'sendTransaction' });
  const id = await shop.accepted(payment.id);
  await shop.api.until<RefundView>(`/v1/refunds/${id}`, refund => refund.status === 'processing');
  await inject(stack, { kind: 'unavailable', method: 'getLatestBlockhash' });
  await jump(stack, PAST_EXPIRY);
  await shop.api.until<RefundView>(`/v1/refunds/${id}`, refund => refund.waiting?.reason === 'rpc_unavailable');
  await nothing.clear();
  await clearFaults(stack);
  await shop.refundIs(id, 'succeeded');

  const kinds = (await toldOf(id)).map(one => one.kind).filter(kind => kind !== 'refund.updated' && kind !== 'refund.finalized');
  expect(kinds).toEqual(['refund.created', 'refund.processing', 'refund.pending', 'refund.processing', 'refund.succeeded']);
  await expectNoGaps();
  expect(await violations(stack)).toEqual([]);
});

test('I6: a refused refund tells nothing', async () => {
  const payment = await shop.paid();
  const before = await rows<{ n: string }>(stack, 'select count(*) as n from events');
  expect((await shop.refund(payment.id, 100_001n)).status).toBe(422);
  expect((await shop.refund(payment.id, 0n)).status).toBe(422);
  const kinds = await rows<{ kind: string }>(
    stack,
    `select kind from events where ts > now() - interval '1 minute' and object_type = 'refund' and related ->> 'payment_id' = $1`,
    [payment.id],
  );
  expect(kinds).toEqual([]);
  expect(before).toHaveLength(1);
});

/** Each object's sequence runs from 1 without a hole, and no event shows the state that the one before it showed already. */
async function expectNoGaps(): Promise<void> {
  const holes = await rows(
    stack,
    `select object_id from events group by object_id having min(sequence) <> 1 or max(sequence) <> count(*)`,
  );
  expect(holes).toEqual([]);
  const lying = await rows(
    stack,
    `select e.id from events e left join refunds r on r.id = e.object_id left join payments p on p.id = e.object_id
     where e.object_type in ('payment', 'refund')
       and e.sequence = (select max(sequence) from events last where last.object_id = e.object_id)
       and e.data ->> 'status' <> coalesce(r.status, p.status)`,
  );
  expect(lying).toEqual([]);
}
