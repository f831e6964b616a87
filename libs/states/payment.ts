export const PAYMENT_STATUSES = ['pending', 'settled', 'partially_refunded', 'refunded', 'failed'] as const;
export type PaymentStatus = (typeof PAYMENT_STATUSES)[number];

interface PaymentEdge {
  from: PaymentStatus;
  to: PaymentStatus;
  event: `payment.${string}`;
}

/** Every edge there is; anything else is a defect that alarms. */
export const PAYMENT_EDGES: readonly PaymentEdge[] = [
  { from: 'pending', to: 'settled', event: 'payment.settled' },
  { from: 'pending', to: 'failed', event: 'payment.failed' },
  { from: 'settled', to: 'partially_refunded', event: 'payment.partially_refunded' },
  { from: 'settled', to: 'refunded', event: 'payment.refunded' },
  { from: 'partially_refunded', to: 'refunded', event: 'payment.refunded' },
  // A reversal of a refund posts:
  { from: 'refunded', to: 'partially_refunded', event: 'payment.reopened' },
  { from: 'refunded', to: 'settled', event: 'payment.reopened' },
  { from: 'partially_refunded', to: 'settled', event: 'payment.reopened' },
  // The payment itself is gone:
  { from: 'settled', to: 'pending', event: 'payment.reopened' },
  { from: 'partially_refunded', to: 'pending', event: 'payment.reopened' },
  { from: 'refunded', to: 'pending', event: 'payment.reopened' },
  { from: 'pending', to: 'partially_refunded', event: 'payment.partially_refunded' },
  { from: 'pending', to: 'refunded', event: 'payment.refunded' },
];

/** The edge between two states, or null where nothing changes. Throws for an edge that does not exist: a defect. */
export function paymentEdge(from: PaymentStatus, to: PaymentStatus): PaymentEdge | null {
  if (from === to) return null;
  const found = PAYMENT_EDGES.find(one => one.from === from && one.to === to);
  if (!found) throw new Error(`a payment does not go from ${from} to ${to}`);
  return found;
}

/** What a settled payment is called, given its sums in atoms. */
export function settledStatus(sums: { captured: bigint; refunded: bigint; cashback: bigint; reserved: bigint }): PaymentStatus {
  if (sums.refunded === 0n) return 'settled';
  return sums.refunded + sums.cashback === sums.captured && sums.reserved === 0n ? 'refunded' : 'partially_refunded';
}
