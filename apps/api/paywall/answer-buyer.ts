import type { AnsweredPayment, BuyerAnswer } from '#libs/payments/answer';
import { statusToken } from '#libs/payments/status-token';
import { type SettlementAnswer, settlementHeaders } from '#libs/paywall/x402/answers';
import { Refusal, refuse } from '#libs/problems/refusal';
import type { PaywallAnswer } from './answer.ts';

export interface Telling {
  origin: string;
  statusKey: Buffer;
  version: 1 | 2;
  /** Whether the proof was brought for the first time with this request. */
  first: boolean;
  /** Whether the buyer has shown what the chain does not: only they get a handle on the payment. */
  secretShown: boolean;
}

/**
 * Puts what became of a claimed proof into an answer. An unknown outcome is 202 for the first to bring it and 409 for who
 * brings it meanwhile, never a 402: that would make the buyer pay again. Null: the payment failed, ask for another.
 */
export function tellBuyer(
  answer: BuyerAnswer,
  telling: Telling,
): PaywallAnswer | { failed: string; headers: Record<string, string> } {
  switch (answer.kind) {
    case 'served': {
      const { payment, status, mimeType, body, replayed } = answer;
      const headers = settlementHeaders(telling.version, settled(payment));
      const again = replayed ? { 'idempotent-replayed': 'true' } : {};
      return {
        // An informational status ends no answer.
        status: status < 200 ? 200 : status,
        headers: { ...headers, ...again, 'x-ebb-status': statusUrl(payment, telling), 'content-type': mimeType },
        body,
      };
    }
    case 'pending':
      return telling.first
        ? pending(answer.payment, telling)
        : refuse('settlement_in_progress', inProgress(answer.payment, telling));
    case 'failed': {
      const { network, payer } = answer.payment;
      const headers = settlementHeaders(telling.version, { network, payer, kind: 'refused', reason: answer.code });
      return { failed: answer.code, headers };
    }
    case 'refunded':
      return refuse('payment_refunded', {
        members: { refund_id: answer.refundId },
        headers: { 'x-ebb-refund': answer.refundId },
      });
    case 'not_kept':
      return refuse('answer_not_kept', { members: { payment_id: answer.payment.id } });
    case 'reused':
      return refuse('payment_proof_reused');
  }
}

function pending(payment: AnsweredPayment, telling: Telling): PaywallAnswer {
  const { network, payer, txSig } = payment;
  const status_url = statusUrl(payment, telling);
  return {
    status: 202,
    headers: {
      ...settlementHeaders(telling.version, { network, payer, kind: 'pending', signature: txSig }),
      'cache-control': 'no-store',
      'retry-after': '2',
      'x-ebb-status': status_url,
    },
    body: {
      code: 'settlement_pending',
      detail:
        'The payment was handed in and its outcome is not known yet. Do not pay again: follow status_url, or send the same proof again.',
      payment_id: payment.id,
      tx_sig: txSig,
      status_url,
    },
  };
}

const inProgress = (payment: AnsweredPayment, telling: Telling): ConstructorParameters<typeof Refusal>[1] => ({
  headers: {
    'retry-after': '2',
    ...(telling.secretShown ? { 'x-ebb-status': statusUrl(payment, telling) } : {}),
  },
});

function settled({ network, payer, txSig, id }: AnsweredPayment): SettlementAnswer {
  if (txSig === null) throw new Error(`payment ${id} is served without a signature`);
  return { network, payer, kind: 'settled', signature: txSig };
}

const statusUrl = (payment: AnsweredPayment, { origin, statusKey }: Telling): string =>
  `${origin}/x/status/${statusToken(statusKey, payment.id)}`;
