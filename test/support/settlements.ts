import { expect } from 'vitest';
import type { PaymentView } from '#libs/payments/view';
import { eventually } from './eventually.ts';
import { violations } from './invariants.ts';
import { type Proof, type Shown, settledBy, show, transactionsOf } from './proofs.ts';
import type { Shop } from './shop.ts';

/** Where buyer and treasury stood before a payment meets a fault. */
export interface Standing {
  balance: bigint;
  transactions: number;
}

export const PRICE = 100_000n;

export async function standing(shop: Shop): Promise<Standing> {
  const purse = await shop.buyer.tokenAccount();
  return { balance: await shop.buyer.balance(), transactions: (await transactionsOf(shop.stack.urls.rpc, purse)).length };
}

/** Shows the same proof until it is served, as a buyer who was told to wait does. Whatever else it is told, never to pay again. */
export async function servedAtLast(shop: Shop, proof: Proof, within_ms = 30_000): Promise<Shown> {
  const told: number[] = [];
  const served = await eventually(
    'the proof is served',
    async () => {
      const shown = await show(proof, shop.payUrl);
      told.push(shown.status);
      return shown.status === 200 || shown.status === 402 ? shown : null;
    },
    within_ms,
  );
  expect(served.status, `answered ${told.join(', ')}`).toBe(200);
  expect(told.slice(0, -1).every(status => status === 202 || status === 409)).toBe(true);
  return served;
}

/** One transaction took the price from the buyer, the payment is settled by it, and everything else still holds. */
export async function expectPaidOnce(shop: Shop, before: Standing, served: Shown): Promise<PaymentView> {
  expect(served.body).toEqual({ ok: true });
  const purse = await shop.buyer.tokenAccount();
  const after = await transactionsOf(shop.stack.urls.rpc, purse);
  expect(after.length - before.transactions).toBe(1);
  expect(settledBy(served)).toBe(after[0]);
  expect(before.balance - (await shop.buyer.balance())).toBe(PRICE);
  const payment = await shop.paymentBySignature(settledBy(served));
  expect(payment).toMatchObject({
    status: 'settled',
    amount_atomic: `${PRICE}`,
    refundable_atomic: `${PRICE}`,
    waiting: null,
    payer: { owner: shop.buyer.address },
    delivery: { status: 'delivered' },
  });
  expect(await violations(shop.stack)).toEqual([]);
  return payment;
}

/** The newest payment that waits, whoever asks: unsettled ones are found by no signature. */
export const pendingPayment = (shop: Shop): Promise<PaymentView> =>
  eventually('a pending payment', async () => (await shop.api.all<PaymentView>('/v1/payments?status=pending'))[0]);

/** The payment is proven never to have been: nothing moved, the books know nothing of it, and the buyer may pay anew. */
export async function expectDead(shop: Shop, before: Standing, proof: Proof, paymentId: string): Promise<void> {
  await shop.api.until<PaymentView>(`/v1/payments/${paymentId}`, payment => payment.status === 'failed');
  expect(await shop.payment(paymentId)).toMatchObject({
    amount_atomic: null,
    refundable_atomic: '0',
    tx_sig: null,
    failure: { code: 'transaction_never_landed' },
  });
  expect((await show(proof, shop.payUrl)).status).toBe(402);
  expect(await shop.refund(paymentId)).toMatchObject({ status: 409, body: { code: 'payment_not_settled' } });
  expect(await standing(shop)).toEqual(before);
  expect(await violations(shop.stack)).toEqual([]);
}
