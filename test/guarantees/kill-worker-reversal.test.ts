import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { type Stack, startStack } from '#apps/dev/stack';
import type { PaymentView } from '#libs/payments/view';
import { clearFaults, inject, jump, PAST_EXPIRY } from '#test/support/faults';
import { violations } from '#test/support/invariants';
import { bothSides, told, Victim } from '#test/support/kills';
import { TEST_PACE } from '#test/support/pace';
import { refundsOnChain } from '#test/support/refunds-on-chain';
import { openShop, type Shop } from '#test/support/shop';
import { rows } from '#test/support/sql';
import { vanishingPayment, vanishingRefund } from '#test/support/vanishing';

const REFUND = bothSides('refund.reverse');
/** The first reversal of a payment with a paid refund says what it waits for; a later one takes it back. */
const WAITS = bothSides('settle.reverse');
const ENDS = bothSides('settle.reverse');
const AMOUNT = 1_000n;
/** Slots long enough that no transaction expires while a process starts again on a busy machine. */
const SLOT_MS = 100;

let stack: Stack;
let shop: Shop;
let worker: Victim;

beforeAll(async () => {
  stack = await startStack({ env: { ...TEST_PACE, EBB_PACE_ACTIVITY_MS: '1000', EBB_PACE_OVERDUE_MS: '1000' }, slotMs: SLOT_MS });
  shop = await openShop(stack);
  for (let n = 0; n < 2; n++) await shop.paid();
  worker = new Victim(stack, 'worker', [...REFUND, ...WAITS, ...ENDS]);
});
afterEach(() => clearFaults(stack));
afterAll(() => stack?.stop());

const receiptsOf = async (paymentId: string) =>
  (await rows<{ kind: string }>(stack, 'select kind from receipts where payment_id = $1 order by nonce', [paymentId])).map(
    one => one.kind,
  );
const toldOf = (id: string, kind: string) => rows(stack, 'select from events where object_id = $1 and kind = $2', [id, kind]);

for (const kill of REFUND) {
  test(`I2: a worker killed ${told(kill)} takes a refund that is gone back once, and pays it once`, async () => {
    const payment = await shop.paid();
    const before = await shop.buyer.balance();
    const gone = await vanishingRefund(shop, payment.id, AMOUNT);
    await shop.refundIs(gone.id, 'processing');
    await worker.doom(kill);
    await jump(stack, PAST_EXPIRY);
    await worker.died(kill);
    await worker.revive(kill);

    const paid = await shop.refundIs(gone.id, 'succeeded');
    expect(paid.transfers[0]?.attempts.map(one => one.outcome)).toEqual(['dead', 'landed']);
    expect((await shop.buyer.balance()) - before).toBe(AMOUNT);
    expect(await refundsOnChain(stack, await shop.buyer.tokenAccount(), gone.id)).toEqual([paid.tx_sig]);
    expect(await receiptsOf(payment.id)).toEqual(['earn', 'refund', 'reversal', 'refund']);
    expect(await toldOf(gone.id, 'refund.reopened')).toHaveLength(1);
    expect(await toldOf(payment.id, 'payment.reopened')).toHaveLength(1);
    expect(await violations(stack)).toEqual([]);
  });
}

for (const kill of WAITS) {
  test(`I7: a worker killed ${told(kill)} says what a payment that is gone waits for, and ends it when that has ended`, async () => {
    const payment = await vanishingPayment(shop);
    await inject(stack, { kind: 'never_land', method: 'sendTransaction' });
    const refund = await shop.accepted(payment.id, AMOUNT);
    const signed = await shop.api.until<{ transfers: { attempts: { signature: string }[] }[] }>(
      `/v1/refunds/${refund}`,
      one => one.transfers[0]?.attempts.length === 1,
    );
    const signature = signed.transfers[0]?.attempts[0]?.signature ?? '';
    await shop.api.until<PaymentView>(`/v1/payments/${payment.id}`, one => one.status === 'pending');
    const unsure = await inject(stack, { kind: 'unavailable', signature });
    await worker.doom(kill);
    await jump(stack, PAST_EXPIRY);
    await worker.died(kill);
    await worker.revive(kill);

    await shop.api.until<PaymentView>(
      `/v1/payments/${payment.id}`,
      one => one.waiting?.ends_when.includes('refund') === true && one.needs_attention,
    );
    await unsure.clear();
    await shop.refundIs(refund, 'failed');
    await expectReversedOnce(payment, ['earn', 'reversal'], 0n);
  });
}

for (const kill of ENDS) {
  test(`I4: a worker killed ${told(kill)} takes a payment that is gone back once, with what was given back of it as loss`, async () => {
    const before = await shop.buyer.balance();
    const payment = await vanishingPayment(shop);
    const refund = await shop.accepted(payment.id, AMOUNT);
    await shop.refundIs(refund, 'succeeded');
    await shop.api.until<{ finalized_at: string | null }>(`/v1/refunds/${refund}`, one => one.finalized_at !== null);
    await shop.api.until<PaymentView>(`/v1/payments/${payment.id}`, one => one.status === 'pending');
    await worker.doom(kill);
    await jump(stack, PAST_EXPIRY);
    await worker.died(kill);
    await worker.revive(kill);

    await expectReversedOnce(payment, ['earn', 'refund', 'reversal'], AMOUNT);
    expect((await shop.buyer.balance()) - before).toBe(AMOUNT);
  });
}

async function expectReversedOnce(payment: PaymentView, receipts: string[], loss: bigint): Promise<void> {
  await shop.api.until<PaymentView>(`/v1/payments/${payment.id}`, one => one.status === 'failed');
  expect(await receiptsOf(payment.id)).toEqual(receipts);
  expect(await toldOf(payment.id, 'payment.failed')).toHaveLength(1);
  const breaks = await rows(stack, `select detail ->> 'chain_loss_atomic' as loss from breaks where object_id = $1`, [
    payment.id,
  ]);
  expect(breaks).toEqual([{ loss: `${loss}` }]);
  const [books] = await rows<{ lost: string; reversed: number }>(
    stack,
    `select coalesce(sum(amount) filter (where debit_code = 'chain_loss'), 0)::text as lost,
       (count(*) filter (where reverses is not null))::int as reversed
     from ledger_transfers where source_type = 'payment' and source_id = $1`,
    [payment.id],
  );
  expect(books).toEqual({ lost: `${loss}`, reversed: 1 });
  expect(await violations(stack)).toEqual([]);
}
