import { type Cause, edgeOf } from './cause.ts';

export const PAYMENT_STATUSES = ['pending', 'settled', 'partially_refunded', 'refunded', 'failed'] as const;
export type PaymentStatus = (typeof PAYMENT_STATUSES)[number];

interface PaymentEdge {
  from: PaymentStatus;
  to: PaymentStatus;
  by: readonly Cause[];
  event: `payment.${string}`;
}

/** Every edge there is; anything else is a defect that alarms. */
export const PAYMENT_EDGES: readonly PaymentEdge[] = [
  { from: 'pending', to: 'settled', by: ['carrier'], event: 'payment.settled' },
  { from: 'pending', to: 'failed', by: ['carrier'], event: 'payment.failed' },
  { from: 'settled', to: 'partially_refunded', by: ['carrier', 'operator'], event: 'payment.partially_refunded' },
  { from: 'settled', to: 'refunded', by: ['carrier', 'operator'], event: 'payment.refunded' },
  { from: 'partially_refunded', to: 'refunded', by: ['carrier', 'operator'], event: 'payment.refunded' },
  // A reversal of a refund posts:
  { from: 'refunded', to: 'partially_refunded', by: ['carrier'], event: 'payment.reopened' },
  { from: 'refunded', to: 'settled', by: ['carrier'], event: 'payment.reopened' },
  { from: 'partially_refunded', to: 'settled', by: ['carrier'], event: 'payment.reopened' },
  // The payment itself is gone:
  { from: 'settled', to: 'pending', by: ['finality'], event: 'payment.reopened' },
  { from: 'partially_refunded', to: 'pending', by: ['finality'], event: 'payment.reopened' },
  { from: 'refunded', to: 'pending', by: ['finality'], event: 'payment.reopened' },
  { from: 'pending', to: 'partially_refunded', by: ['carrier'], event: 'payment.partially_refunded' },
  { from: 'pending', to: 'refunded', by: ['carrier'], event: 'payment.refunded' },
];

/** See `edgeOf`. */
export const paymentEdge = (from: PaymentStatus, to: PaymentStatus, causes: readonly Cause[]): PaymentEdge | null =>
  edgeOf('payment', PAYMENT_EDGES, { from, to, causes });

/** What a settled payment is called, given its sums in atoms. */
export function settledStatus(sums: { captured: bigint; refunded: bigint; cashback: bigint; reserved: bigint }): PaymentStatus {
  if (sums.refunded === 0n) return 'settled';
  return sums.refunded + sums.cashback === sums.captured && sums.reserved === 0n ? 'refunded' : 'partially_refunded';
}
