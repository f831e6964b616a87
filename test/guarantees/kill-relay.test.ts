import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Stack, startStack } from '#apps/dev/stack';
import { readConfig } from '#libs/config/config';
import { paceOf } from '#libs/config/pace';
import { openDatabase } from '#libs/db/database';
import { writeLine } from '#libs/outbox/lines';
import type { PaymentView } from '#libs/payments/view';
import { startLine } from '#libs/refunds/accept';
import type { RefundView } from '#libs/refunds/view';
import { quietSteps } from '#libs/steps/steps';
import { eventually } from '#test/support/eventually';
import { violations } from '#test/support/invariants';
import { bothSides, told, Victim } from '#test/support/kills';
import { TEST_PACE } from '#test/support/pace';
import { refundsOnChain } from '#test/support/refunds-on-chain';
import { admin, openShop, type Shop } from '#test/support/shop';
import { rows } from '#test/support/sql';

const CARRYING = bothSides('relay.claim', 'relay.start', 'relay.done');
const FAILING = bothSides('relay.failed');
const WAKING = bothSides('relay.wake');
const AMOUNT = 1_000n;
/** Longer than any test: what waits is woken, or waits on. */
const NEVER_MS = '600000';

let stack: Stack;
let shop: Shop;
let payment: PaymentView;
let relay: Victim;

beforeAll(async () => {
  const pace = { ...TEST_PACE, EBB_PACE_BACKOFF_MS: NEVER_MS, EBB_PACE_BACKOFF_MAX_MS: NEVER_MS, EBB_PACE_OVERDUE_MS: NEVER_MS };
  stack = await startStack({ env: pace, temporalOnFile: true });
  shop = await openShop(stack);
  payment = await shop.paid();
  relay = new Victim(stack, 'relay', [...CARRYING, ...FAILING, ...WAKING]);
});
afterAll(() => stack?.stop());

for (const kill of CARRYING) {
  test(`I2, I7: a relay killed ${told(kill)} loses no refund, and none is paid twice`, async () => {
    const before = await shop.buyer.balance();
    await relay.doom(kill);

    const refund = await shop.accepted(payment.id, AMOUNT);
    await relay.died(kill);
    await relay.revive(kill);

    await expectPaidOnce(refund, before);
  });
}

for (const kill of FAILING) {
  test(`I7: a relay killed ${told(kill)}, Temporal being away, starts the refund when it is back`, async () => {
    const before = await shop.buyer.balance();
    await relay.doom(kill);
    await stack.part('temporal').kill();

    const refund = await shop.accepted(payment.id, AMOUNT);
    await relay.died(kill);
    await stack.part('temporal').start();
    await relay.revive(kill);

    await expectPaidOnce(refund, before);
  });
}

for (const kill of WAKING) {
  test(`I7: a relay killed ${told(kill)} wakes who waits`, async () => {
    const before = await shop.buyer.balance();
    const purse = await shop.buyer.tokenAccount();
    await admin(stack, 'POST', '/account', { address: purse, frozen: true });
    const refund = await shop.accepted(payment.id, AMOUNT);
    await shop.api.until<RefundView>(`/v1/refunds/${refund}`, one => one.waiting?.reason === 'destination_frozen');
    await admin(stack, 'POST', '/account', { address: purse, frozen: false });
    await relay.doom(kill);

    await wake(refund);
    await relay.died(kill);
    await relay.revive(kill);

    await expectPaidOnce(refund, before);
  });
}

async function expectPaidOnce(refund: string, before: bigint): Promise<void> {
  await endLeases();
  const ended = await shop.refundIs(refund, 'succeeded');
  // Also the lines that the dead left behind are carried out, and change nothing.
  await eventually('the outbox is empty', async () => (await rows(stack, 'select from outbox')).length === 0);
  expect((await shop.buyer.balance()) - before).toBe(AMOUNT);
  expect(await refundsOnChain(stack, await shop.buyer.tokenAccount(), refund)).toEqual([ended.tx_sig]);
  expect(await violations(stack)).toEqual([]);
}

/** As if the time of the dead relay's leases were over. */
const endLeases = () => rows(stack, 'update outbox set leased_until = now() where leased_until is not null');

/** Promises to wake the refund's carrier, as an act on it does. */
async function wake(refund: string): Promise<void> {
  const view = await shop.api.read<RefundView>(`/v1/refunds/${refund}`);
  const [row] = await rows<{ account_id: string }>(stack, 'select account_id from refunds where id = $1', [refund]);
  if (!row) throw new Error(`no refund ${refund}`);
  const db = openDatabase(stack.urls.database, { max: 1, steps: quietSteps });
  const line = startLine(paceOf(readConfig({ ...stack.env })), row, view);
  await db.tx('api.refund.accept', tx => writeLine(tx, { ...line, kind: 'wake' }));
  await db.close();
}
