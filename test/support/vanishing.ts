import type { PaymentView } from '#libs/payments/view';
import type { RefundView } from '#libs/refunds/view';
import { inject, type SetFault } from './faults.ts';
import type { Shop } from './shop.ts';

/** Slots for which what vanishes is seen as confirmed: long enough to be posted on a busy machine, too short to be final. */
const SEEN_SLOTS = 30;

/** What holds a shop's buyer back until it is said what never lands again. */
const held = new WeakMap<Shop, SetFault>();

/** The next transaction with the buyer's account is seen as confirmed for a while, and was then never there. */
export const vanish = async (shop: Shop) => {
  const account = (await shop.buyer.tokenAccount()) as string;
  // Sent again before it was seen, as on a busy machine, the same bytes would land after all.
  held.set(shop, await inject(shop.stack, { kind: 'never_land', method: 'sendTransaction', account }));
  await inject(shop.stack, { kind: 'gone', seen: 'confirmed', slots: SEEN_SLOTS, method: 'sendTransaction', account, times: 1 });
};

/** From now on these bytes never land, however often they are sent; until the faults are cleared. */
export async function neverAgain(shop: Shop, signature: string): Promise<void> {
  await inject(shop.stack, { kind: 'never_land', method: 'sendTransaction', signature });
  await held.get(shop)?.clear();
}

/** A refund that is posted, and whose transaction is about to vanish, not to come back. All of the payment without an amount. */
export async function vanishingRefund(shop: Shop, paymentId: string, amount?: bigint): Promise<RefundView> {
  await vanish(shop);
  const refund = await shop.refundIs(await shop.accepted(paymentId, amount), 'succeeded');
  await neverAgain(shop, refund.tx_sig ?? '');
  return refund;
}

/** A payment that is recorded and served, and whose transaction is about to vanish, not to come back. */
export async function vanishingPayment(shop: Shop): Promise<PaymentView> {
  await vanish(shop);
  const payment = await shop.paid();
  await neverAgain(shop, payment.tx_sig ?? '');
  return payment;
}
