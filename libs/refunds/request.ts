import { canonicalHash } from '#libs/idempotency/canonical-hash';
import type { AskedDestination } from './redirect.ts';

export const REFUND_REASONS = ['requested_by_customer', 'duplicate', 'fraudulent', 'undelivered', 'other'] as const;
export type RefundReason = (typeof REFUND_REASONS)[number];

/** A request for a refund, its shape checked (API.md "Payments and refunds"); its sense is judged by `acceptRefund`. */
export interface RefundRequest {
  payment_id?: string | undefined;
  original_tx_sig?: string | undefined;
  original_receipt_hash?: string | undefined;
  /** Decimal digits; left out means all that is left. */
  amount_atomic?: string | undefined;
  expected_refundable_atomic?: string | undefined;
  reason?: RefundReason | undefined;
  reason_text?: string | undefined;
  external_id?: string | undefined;
  source?: 'merchant' | 'platform' | undefined;
  fee?: { amount_atomic: string } | undefined;
  destination?: AskedDestination | undefined;
  metadata?: Record<string, unknown> | undefined;
  client_reference?: string | undefined;
}

/** What a repeat under the same `external_id` must equal: its content, however the payment is named. */
export function contentHash(request: RefundRequest): Buffer {
  const { amount_atomic, reason, reason_text, source, fee, destination, metadata } = request;
  const content = { amount_atomic, reason, reason_text, source, fee, destination, metadata };
  return canonicalHash(JSON.parse(JSON.stringify(content)));
}
