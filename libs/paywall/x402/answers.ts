import { CAIP2, type Network } from '#libs/money/assets';
import { REASONS, V1_NETWORK } from './vocabulary.ts';

/** What a buyer is told of the settlement, in the words of x402's `SettlementResponse`. */
export type SettlementAnswer = { network: Network; payer: string | null } & (
  | { kind: 'settled'; signature: string }
  /** Submitted, outcome unknown: the buyer must not pay again. */
  | { kind: 'pending'; signature: string | null }
  | { kind: 'refused'; reason: string }
);

/** `PAYMENT-RESPONSE`, and `X-PAYMENT-RESPONSE` besides for a caller who spoke v1. Values are base64 JSON. */
export function settlementHeaders(version: 1 | 2, answer: SettlementAnswer): Record<string, string> {
  const v2 = { 'PAYMENT-RESPONSE': encode(answer, CAIP2[answer.network]) };
  return version === 1 ? { ...v2, 'X-PAYMENT-RESPONSE': encode(answer, V1_NETWORK[answer.network]) } : v2;
}

function encode(answer: SettlementAnswer, network: string): string {
  const common = { network, payer: answer.payer ?? '' };
  return Buffer.from(JSON.stringify({ ...outcome(answer), ...common })).toString('base64');
}

function outcome(answer: SettlementAnswer) {
  if (answer.kind === 'settled') return { success: true, transaction: answer.signature };
  if (answer.kind === 'pending')
    return { success: false, errorReason: REASONS.settlementPending, transaction: answer.signature ?? '' };
  return { success: false, errorReason: answer.reason, transaction: '' };
}
