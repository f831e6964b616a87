import type { Network } from '#libs/money/assets';

/** Reasons for a refusal, as x402 facilitators and servers name them, so that clients of today understand them. */
export const REASONS = {
  unsupportedVersion: 'invalid_x402_version',
  invalidPayload: 'invalid_payload',
  unsupportedScheme: 'unsupported_scheme',
  invalidNetwork: 'invalid_network',
  /** What was accepted is not what we offered. */
  invalidRequirements: 'invalid_payment_requirements',
  expired: 'payment_expired',
  undecodable: 'invalid_exact_svm_payload_transaction_could_not_be_decoded',
  transaction: 'invalid_exact_svm_payload_transaction',
  lookupTables: 'invalid_exact_svm_smart_wallet_alt_resolution_not_available',
  feePayerMismatch: 'invalid_exact_svm_fee_payer_mismatch',
  feePayerNotManaged: 'invalid_exact_svm_fee_payer_not_managed_by_facilitator',
  excessiveSigners: 'invalid_exact_svm_payload_excessive_signers',
  feePayerInInstruction: 'invalid_exact_svm_payload_transaction_fee_payer_included_in_instruction_accounts',
  signatureInvalid: 'invalid_exact_svm_payload_signature_invalid',
  instructionsLength: 'invalid_exact_svm_payload_transaction_instructions_length',
  computeLimit: 'invalid_exact_svm_payload_transaction_instructions_compute_limit_instruction',
  computePrice: 'invalid_exact_svm_payload_transaction_instructions_compute_price_instruction',
  computePriceTooHigh: 'invalid_exact_svm_payload_transaction_instructions_compute_price_instruction_too_high',
  noTransfer: 'invalid_exact_svm_payload_no_transfer_instruction',
  mintMismatch: 'invalid_exact_svm_payload_mint_mismatch',
  recipientMismatch: 'invalid_exact_svm_payload_recipient_mismatch',
  amountMismatch: 'invalid_exact_svm_payload_amount_mismatch',
  unknownOptional: 'invalid_exact_svm_payload_unknown_optional_instruction',
  memoCount: 'invalid_exact_svm_payload_memo_count',
  memoMismatch: 'invalid_exact_svm_payload_memo_mismatch',
  simulationFailed: 'invalid_exact_svm_transaction_simulation_failed',
  transactionFailed: 'invalid_exact_svm_transaction_failed',
  settlementPending: 'settlement_pending',
  /** The sponsor's budget for this payer or account is spent for now. */
  budgetSpent: 'sponsor_budget_exceeded',
  unexpectedVerify: 'unexpected_verify_error',
  unexpectedSettle: 'unexpected_settle_error',
} as const;

export type Reason = (typeof REASONS)[keyof typeof REASONS];

/** A refusal as a value: the reason for machines, the message for people. Neither names anything internal. */
export interface Refused {
  kind: 'refused';
  reason: Reason;
  message: string;
}

export const refused = (reason: keyof typeof REASONS, message: string): Refused => ({
  kind: 'refused',
  reason: REASONS[reason],
  message,
});

/** x402 v1 names networks by words, v2 by CAIP-2. */
export const V1_NETWORK: Record<Network, string> = { 'solana-devnet': 'solana-devnet', 'solana-mainnet': 'solana' };
