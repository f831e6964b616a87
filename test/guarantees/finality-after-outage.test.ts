import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Stack, startStack } from '#apps/dev/stack';
import type { PaymentView } from '#libs/payments/view';
import type { RefundView } from '#libs/refunds/view';
import { eventually } from '#test/support/eventually';
import { clearFaults, inject, jump } from '#test/support/faults';
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

const FORGOTTEN = [
  ['the cache has forgotten it', { kind: 'forget_statuses' }],
  ['the node that comes back has a gap there', { kind: 'gap', from_slot: 0, to_slot: 1_000_000_000 }],
] as const;

test.each(FORGOTTEN)('I3: after an outage longer than the status cache nothing is reopened, though %s', async (_how, fault) => {
  // Nothing is stamped before the chain is gone: the watch asks for the finalized slot first.
  await inject(stack, { kind: 'unavailable', method: 'getSlot' });
  const payment = await shop.paid();
  const refundId = await shop.accepted(payment.id, 40_000n);
  await shop.refundIs(refundId, 'succeeded');
  expect(await shop.payment(payment.id)).toMatchObject({ finalized_at: null });

  const worker = stack.part('worker');
  await worker.stop();
  await stack.part('localnet').kill();
  await stack.part('localnet').start();
  await jump(stack, 500);
  const blind = await inject(stack, fault);
  await worker.start();
  if (fault.kind === 'gap') {
    await eventually('the watch has looked twice', async () => (await blind.met()) > 4);
    expect(await shop.payment(payment.id)).toMatchObject({ status: 'partially_refunded', finalized_at: null });
    expect(await shop.api.read(`/v1/refunds/${refundId}`)).toMatchObject({ status: 'succeeded', finalized_at: null });
    await clearFaults(stack);
  }

  await shop.api.until<PaymentView>(`/v1/payments/${payment.id}`, one => one.finalized_at !== null);
  await shop.api.until<RefundView>(`/v1/refunds/${refundId}`, one => one.finalized_at !== null);
  expect(await blind.met()).toBeGreaterThan(0);
  expect(await shop.payment(payment.id)).toMatchObject({ status: 'partially_refunded', refunded_atomic: '40000' });
  const told = await rows<{ kind: string }>(stack, "select kind from events where kind like '%.reopened'");
  expect(told).toEqual([]);
  await clearFaults(stack);
  expect(await violations(stack)).toEqual([]);
});
