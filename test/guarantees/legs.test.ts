import { randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { openBuyer } from '#apps/dev/buyer';
import { type Stack, startStack } from '#apps/dev/stack';
import type { PaymentView } from '#libs/payments/view';
import type { RefundView } from '#libs/refunds/view';
import { eventually } from '#test/support/eventually';
import { giveTokens } from '#test/support/funds';
import { violations } from '#test/support/invariants';
import { type Kill, told, Victim } from '#test/support/kills';
import { TEST_PACE } from '#test/support/pace';
import { refundsOnChain } from '#test/support/refunds-on-chain';
import { admin, openShop, type Shop } from '#test/support/shop';
import { rows } from '#test/support/sql';

const MAX_LEG = 400n;
const AMOUNT = 1_000n;
const LEGS = [400n, 400n, 200n];
/** Between the first leg and the second. */
const KILLS: Kill[] = (['refund.post', 'refund.take', 'refund.store', 'refund.send', 'refund.landed'] as const).flatMap(step => [
  { step, moment: 'before' as const, nth: 2 },
  { step, moment: 'after' as const, nth: 2 },
]);
const BETWEEN: Kill = { step: 'refund.store', moment: 'before', nth: 2 };

let stack: Stack;
let shop: Shop;
let payment: PaymentView;
let worker: Victim;

beforeAll(async () => {
  stack = await startStack({ env: { ...TEST_PACE, EBB_MAX_LEG_DEVNET_ATOMIC: `${MAX_LEG}` }, slotMs: 200 });
  shop = await openShop(stack);
  payment = await shop.paid();
  worker = new Victim(stack, 'worker', [...KILLS, BETWEEN]);
});
afterEach(async () => expect(await violations(stack)).toEqual([]));
afterAll(() => stack?.stop());

const freeze = async (frozen: boolean) => admin(stack, 'POST', '/account', { address: await shop.buyer.tokenAccount(), frozen });
const onChain = async (id: string) => (await refundsOnChain(stack, await shop.buyer.tokenAccount(), id)).sort();
const refundedCount = async () => {
  const { counters } = await shop.api.read<{ counters: { refunded_count: number } }>(`/v1/payment-links/${shop.link}`);
  return counters.refunded_count;
};
const booked = async (code: string) => {
  const [sum] = await rows<{ sum: string }>(
    stack,
    `select coalesce(sum(case when credit_code = $1 then amount else -amount end), 0)::text as sum from ledger_transfers
     where $1 in (credit_code, debit_code) and kind in ('single', 'post') and asset <> 'SOL'`,
    [code],
  );
  return BigInt(sum?.sum ?? '0');
};

for (const kill of KILLS) {
  test(`I2: a worker killed ${told(kill)} pays each of three legs once`, async () => {
    const before = await shop.buyer.balance();
    await worker.doom(kill);
    const id = await shop.accepted(payment.id, AMOUNT);
    await worker.died(kill);
    await worker.revive(kill);

    const ended = await shop.refundIs(id, 'succeeded');
    expect(ended).toMatchObject({ moved_atomic: `${AMOUNT}`, voided_atomic: '0', needs_attention: false });
    expect(ended.transfers.map(leg => [leg.amount_atomic, leg.status])).toEqual(LEGS.map(amount => [`${amount}`, 'posted']));
    expect((await shop.buyer.balance()) - before).toBe(AMOUNT);
    expect(await onChain(id)).toEqual(ended.transfers.map(leg => leg.tx_sig).sort());
    expect(ended.tx_sig).toBe(ended.transfers[2]?.tx_sig);
    for (const leg of ended.transfers) {
      const [found] = await shop.api.all<RefundView>(`/v1/refunds?tx_sig=${leg.tx_sig}`);
      expect(found?.id).toBe(id);
    }
  });
}

/** A refund whose first leg has moved, and whose others wait for a frozen destination. */
async function halfPaid(): Promise<string> {
  await worker.doom(BETWEEN);
  const id = await shop.accepted(payment.id, AMOUNT);
  await worker.died(BETWEEN);
  await freeze(true);
  await worker.revive(BETWEEN);
  const waiting = await shop.api.until<RefundView>(`/v1/refunds/${id}`, one => one.waiting?.reason === 'destination_frozen');
  expect(waiting).toMatchObject({ moved_atomic: '400', voided_atomic: '0', needs_attention: true });
  expect(waiting.transfers.map(leg => leg.status)).toEqual(['posted', 'reserved', 'reserved']);
  return id;
}

for (const [act, body] of [
  ['cancel', {}],
  ['resolve', { give_up: true, reason: 'stays frozen' }],
] as const) {
  test(`a refund of which a leg has moved, ended by ${act}: partially succeeded, its rest refunded anew`, async () => {
    const before = await shop.buyer.balance();
    const { refundable_atomic } = await shop.payment(payment.id);
    const counted = await refundedCount();
    const id = await halfPaid();
    const ended = await shop.api.post<RefundView>(`/v1/refunds/${id}/${act}`, body);
    expect(ended).toMatchObject({
      status: 200,
      body: { status: 'partially_succeeded', moved_atomic: '400', voided_atomic: '600' },
    });
    await freeze(false);
    await eventually('its workflow has ended', async () => {
      const kept = await rows<{ outcome: string }>(stack, 'select outcome from workflow_outcomes where object_id = $1', [id]);
      return kept.some(one => one.outcome === 'partially_succeeded');
    });
    expect(await onChain(id)).toEqual([ended.body.tx_sig]);
    expect(ended.body.tx_sig).toBe(ended.body.transfers[0]?.tx_sig);

    expect((await shop.payment(payment.id)).refundable_atomic).toBe(`${BigInt(refundable_atomic) - 400n}`);
    const anew = await shop.accepted(payment.id, 600n);
    await shop.refundIs(anew, 'succeeded');
    expect((await shop.buyer.balance()) - before).toBe(AMOUNT);
    expect(await refundedCount()).toBe(counted + 2);
    await shop.api.until<RefundView>(`/v1/refunds/${id}`, one => one.finalized_at !== null);
  });
}

test('a redirect sends what has not moved elsewhere; what has moved stays where it went', async () => {
  const friend = await openBuyer(stack.urls.rpc, randomBytes(32));
  await giveTokens(stack, friend, 1n);
  const before = await shop.buyer.balance();
  const id = await halfPaid();
  const moved = await shop.api.patch<RefundView>(`/v1/refunds/${id}`, { destination: { owner: friend.address } });
  expect(moved).toMatchObject({ status: 200, body: { destination: { owner: friend.address } } });
  const ended = await shop.refundIs(id, 'succeeded');
  await freeze(false);
  const [purse, theirs] = [await shop.buyer.tokenAccount(), await friend.tokenAccount()];
  expect(ended.transfers.map(leg => leg.destination_token_account)).toEqual([purse, theirs, theirs]);
  expect([(await shop.buyer.balance()) - before, await friend.balance()]).toEqual([400n, 601n]);
  const receipts = await rows<{ account: string }>(
    stack,
    `select body ->> 'destination_token_account' as account from receipts where refund_id = $1 order by nonce`,
    [id],
  );
  expect(receipts.map(one => one.account)).toEqual([purse, theirs, theirs]);
});

test('I4: a fee is kept from a refund of several legs: the payer’s balance, the treasury’s and the books agree', async () => {
  const before = await shop.buyer.balance();
  const kept = await booked('fee_payable');
  const gone = await booked('treasury');
  const answer = await shop.refund(payment.id, 1_100n, { fee: { amount_atomic: '110' }, external_id: 'with a fee' });
  expect(answer).toMatchObject({ status: 201, body: { payer_receives_atomic: '990', fee: { amount_atomic: '110' } } });
  const ended = await shop.refundIs(answer.body.id, 'succeeded');
  expect(ended.moved_atomic).toBe('1100');
  expect(ended.transfers.map(leg => leg.payer_receives_atomic)).toEqual(['400', '400', '190']);
  expect((await shop.buyer.balance()) - before).toBe(990n);
  expect((await booked('fee_payable')) - kept).toBe(110n);
  expect((await booked('treasury')) - gone).toBe(990n);
  const receipts = await rows<{ amount: string }>(
    stack,
    `select body -> 'price' ->> 'amount' as amount from receipts where refund_id = $1 order by nonce`,
    [answer.body.id],
  );
  expect(receipts.map(one => one.amount)).toEqual(ended.transfers.map(leg => leg.amount_atomic));
});

test('I7: a leg that the chain has lost while another was paid is looked after by the same run, and nobody is called', async () => {
  await worker.doom(BETWEEN);
  const id = await shop.accepted(payment.id, AMOUNT);
  await worker.died(BETWEEN);
  // As the watch over finality leaves it; the chain has it all the same.
  await rows(stack, `update legs set status = 'sent' where refund_id = $1 and leg = 0 returning id`, [id]);
  await worker.revive(BETWEEN);
  const ended = await shop.refundIs(id, 'succeeded');
  expect(ended.moved_atomic).toBe(`${AMOUNT}`);
  expect(await onChain(id)).toEqual(ended.transfers.map(leg => leg.tx_sig).sort());
  const kept = await eventually('its workflow has ended', async () => {
    const runs = await rows<{ outcome: string }>(stack, 'select outcome from workflow_outcomes where object_id = $1', [id]);
    return runs.length > 0 ? runs : null;
  });
  expect(kept).toEqual([{ outcome: 'succeeded' }]);
  const called = await rows(stack, `select id from events where object_id = $1 and kind = 'refund.needs_attention'`, [id]);
  expect(called).toEqual([]);
});
