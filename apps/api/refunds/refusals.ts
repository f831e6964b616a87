import type { ProblemCode } from '#libs/problems/catalogue';

/** Why money may not go where a caller wants it. */
export const REDIRECTS: readonly ProblemCode[] = [
  'redirect_not_allowed',
  'destination_proof_invalid',
  'destination_off_curve',
  'destination_is_token_account',
  'destination_frozen',
];

/** What accepting a refund may refuse, beside what any keyed route may. */
export const REFUSALS: readonly ProblemCode[] = [
  'idempotency_key_missing',
  'payment_not_found',
  'payment_not_settled',
  'payment_already_refunded',
  'external_id_conflict',
  'balance_changed',
  'refund_exceeds_remaining',
  'amount_not_positive',
  'fee_not_below_amount',
  'too_many_legs',
  'refund_window_passed',
  'too_many_refunds',
  ...REDIRECTS,
  'source_not_allowed',
  'treasury_opening',
];
