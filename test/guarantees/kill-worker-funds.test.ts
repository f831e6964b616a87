import { afterAll, beforeAll, expect, test } from 'vitest';
import { addressOf } from '#apps/dev/funds';
import { type Stack, startStack } from '#apps/dev/stack';
import type { PaymentView } from '#libs/payments/view';
import type { RefundView } from '#libs/refunds/view';
import { eventually } from '#test/support/eventually';
import { violations } from '#test/support/invariants';
import { bothSides, type Kill, told, Victim } from '#test/support/kills';
import { TEST_PACE } from '#test/support/pace';
import { refundsOnChain } from '#test/support/refunds-on-chain';
import { admin, openShop, type Shop } from '#test/support/shop';
import { rows } from '#test/support/sql';
import { deposit, empty, type Till, tillOf } from '#test/support/treasury';

/** Where a refund begins to wait for funds, where they are looked for, and where it is woken: the second time it is watched. */
const SHORT: Kill[] = [
  ...bothSides('refund.wait', 'treasury.balance', 'treasury.watch'),
  ...bothSides('treasury.watch').map(kill => ({ ...kill, nth: 2 })),
];
const SPONSOR = bothSides('sponsor.balance', 'sponsor.watch');
const BOOKED = bothSides('treasury.scan', 'treasury.book');
const AMOUNT = 10_000n;

let stack: Stack;
let shop: Shop;
let till: Till;
let payment: PaymentView;
let worker: Victim;

beforeAll(async () => {
  // Whoever waits by itself waits a minute: what goes on sooner has been woken.
  stack = await startStack({
    env: { ...TEST_PACE, EBB_PACE_BACKOFF_MS: '60000', EBB_PACE_BACKOFF_MAX_MS: '60000' },
    slotMs: 100,
  });
  shop = await openShop(stack, { price: '$1.00' });
  till = await tillOf(shop);
  payment = await shop.paid();
  await empty(shop, till);
  worker = new Victim(stack, 'worker', [...SHORT, ...SPONSOR, ...BOOKED]);
});
afterAll(() => stack?.stop());

async function expectPaidOnce(refund: string, before: bigint): Promise<void> {
  const ended = await shop.refundIs(refund, 'succeeded');
  expect(ended.transfers).toMatchObject([{ attempts: [{ outcome: 'landed' }] }]);
  expect((await shop.buyer.balance()) - before).toBe(AMOUNT);
  expect(await refundsOnChain(stack, await shop.buyer.tokenAccount(), refund)).toEqual([ended.tx_sig]);
  expect(await violations(stack)).toEqual([]);
}

const waits = (refund: string, reason: string) =>
  shop.api.until<RefundView>(`/v1/refunds/${refund}`, one => one.waiting?.reason === reason || one.status === 'succeeded');
const lowTold = async () => (await rows(stack, `select from events where kind = 'agent.treasury.low'`)).length;
const nobodyWatches = () =>
  eventually('the last watch has ended', async () => (await rows(stack, 'select from watches')).length === 0);

for (const kill of SHORT) {
  test(`I2, I7: a worker killed ${told(kill)} leaves no refund waiting for funds that are there`, async () => {
    await nobodyWatches();
    const low = await lowTold();
    await worker.doom(kill);

    const refund = await shop.accepted(payment.id, AMOUNT);
    // Dies by itself, or once the money is there.
    if (kill.nth !== 2) await worker.died(kill);
    else await waits(refund, 'insufficient_funds');
    await deposit(shop, till, AMOUNT);
    if (kill.nth === 2) await worker.died(kill);
    const before = await shop.buyer.balance();
    await worker.revive(kill);

    await expectPaidOnce(refund, before);
    expect(await lowTold()).toBe(kill.step === 'refund.wait' && kill.moment === 'before' ? low : low + 1);
  });
}

for (const kill of SPONSOR) {
  test(`I7: a worker killed ${told(kill)} leaves no refund waiting for SOL that is there`, async () => {
    const feePayer = addressOf(stack.secrets.EBB_FEE_PAYER_KEY);
    const before = await shop.buyer.balance();
    await deposit(shop, till, AMOUNT);
    await worker.doom(kill);
    await admin(stack, 'POST', '/account', { address: feePayer, lamports: '0' });

    const refund = await shop.accepted(payment.id, AMOUNT);
    await worker.died(kill);
    await worker.revive(kill);
    await waits(refund, 'sponsor_short');
    await admin(stack, 'POST', '/account', { address: feePayer, lamports: '10000000000' });

    await expectPaidOnce(refund, before - AMOUNT);
  });
}

for (const kill of BOOKED) {
  test(`I4: a worker killed ${told(kill)} books a deposit once`, async () => {
    expect(await violations(stack)).toEqual([]);
    await worker.doom(kill);
    const signature = await deposit(shop, till, 5n);
    await worker.died(kill);
    await worker.revive(kill);

    await eventually('it is booked', async () => (await violations(stack)).length === 0);
    const postings = await rows<{ amount: string }>(
      stack,
      'select amount::text from ledger_transfers where signature = $1 and asset = $2',
      [signature, till.asset.mint],
    );
    expect(postings).toEqual([{ amount: '5' }]);
    const events = await rows<{ kind: string }>(stack, 'select kind from events where tx_sig = $1 order by kind', [signature]);
    expect(events.map(event => event.kind)).toEqual(['agent.treasury.funded', 'payment.unmatched']);
  });
}
