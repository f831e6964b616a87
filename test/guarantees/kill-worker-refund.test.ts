import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Stack, startStack } from '#apps/dev/stack';
import type { PaymentView } from '#libs/payments/view';
import { violations } from '#test/support/invariants';
import { bothSides, told, Victim } from '#test/support/kills';
import { TEST_PACE } from '#test/support/pace';
import { refundsOnChain } from '#test/support/refunds-on-chain';
import { openShop, type Shop } from '#test/support/shop';

/** The way of a refund that meets no trouble, step by step. */
const KILLS = bothSides(
  'refund.take',
  'refund.destination',
  'refund.blockhash',
  'refund.simulate',
  'refund.store',
  'refund.sign',
  'refund.send',
  'refund.status',
  'refund.landed',
  'refund.post',
);
const AMOUNT = 1_000n;
/** Slots long enough that no transaction expires while a process starts again on a busy machine. */
const SLOT_MS = 200;

let stack: Stack;
let shop: Shop;
let payment: PaymentView;
let worker: Victim;

beforeAll(async () => {
  stack = await startStack({ env: TEST_PACE, slotMs: SLOT_MS });
  shop = await openShop(stack);
  payment = await shop.paid();
  worker = new Victim(stack, 'worker', KILLS);
});
afterAll(() => stack?.stop());

for (const kill of KILLS) {
  test(`I2: a worker killed ${told(kill)} pays once`, async () => {
    const before = await shop.buyer.balance();
    await worker.doom(kill);

    const refund = await shop.accepted(payment.id, AMOUNT);
    await worker.died(kill);
    await worker.revive(kill);

    const ended = await shop.refundIs(refund, 'succeeded');
    expect(ended).toMatchObject({ amount_atomic: `${AMOUNT}`, moved_atomic: `${AMOUNT}`, needs_attention: false });
    expect((await shop.buyer.balance()) - before).toBe(AMOUNT);
    expect(await refundsOnChain(stack, await shop.buyer.tokenAccount(), refund)).toEqual([ended.tx_sig]);
    expect(await violations(stack)).toEqual([]);
  });
}
