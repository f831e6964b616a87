import type { Reader } from '#libs/db/database';
import { viewPayments } from './view.ts';

/** What a buyer may know of their payment, by the token they were given. Amounts in atoms as text. */
export interface BuyerStatus {
  payment: {
    id: string;
    network: string;
    status: string;
    amount_atomic: string | null;
    currency: string;
    asset: string;
    tx_sig: string | null;
    settled_at: string | null;
    finalized_at: string | null;
    failure: { code: string; message: string } | null;
  };
  delivery: { status: string; http_status: number | null; error: string | null };
  refunds: { id: string; status: string; amount_atomic: string; reason: string; tx_sig: string | null; created_at: string }[];
}

/** A payment as its buyer sees it, or null. Whoever asks has shown that they may. */
export async function buyerStatus(reader: Reader, paymentId: string): Promise<BuyerStatus | null> {
  const [payment] = await viewPayments(reader, [paymentId], () => null);
  if (!payment) return null;
  const refunds = await reader
    .selectFrom('refunds')
    .select(['id', 'status', 'amount', 'reason', 'tx_sig', 'created_at'])
    .where('payment_id', '=', paymentId)
    .orderBy('created_at')
    .orderBy('id')
    .execute();
  const { id, network, status, amount_atomic, currency, asset, tx_sig, settled_at, finalized_at, failure } = payment;
  return {
    payment: { id, network, status, amount_atomic, currency, asset, tx_sig, settled_at, finalized_at, failure },
    delivery: payment.delivery,
    refunds: refunds.map(({ amount, created_at, ...refund }) => ({
      ...refund,
      amount_atomic: amount,
      created_at: created_at.toISOString(),
    })),
  };
}
