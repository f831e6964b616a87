import { type Atoms, fitsU64, mustAtoms } from '#libs/money/atoms';
import type { LockedPayment } from '#libs/payments/lock';
import { refuse } from '#libs/problems/refusal';
import type { RefundRequest } from './request.ts';

/**
 * The amount a refund may have, in atoms, judged against the locked payment's balance: all that is left when the request
 * names none. Throws the refusals of API.md with their numbers.
 */
export function judgeAmount(payment: LockedPayment, request: RefundRequest): Atoms {
  const asked = request.amount_atomic === undefined ? null : BigInt(request.amount_atomic);
  if (asked !== null && asked <= 0n) refuse('amount_not_positive', { errors: [at('/amount_atomic', 'amount_not_positive')] });
  if (payment.status === 'pending' || payment.status === 'failed') {
    refuse('payment_not_settled', { members: { payment_id: payment.id, payment_status: payment.status } });
  }
  const { refundable, refunded, captured } = payment;
  const numbers = (requested: bigint) => ({
    payment_id: payment.id,
    requested_atomic: requested.toString(),
    refundable_atomic: refundable.toString(),
    refunded_atomic: refunded.toString(),
    reserved_atomic: payment.reserved.toString(),
  });
  if (refunded === captured) refuse('payment_already_refunded', { members: numbers(asked ?? 0n) });
  const expected = request.expected_refundable_atomic;
  if (expected !== undefined && BigInt(expected) !== refundable) {
    refuse('balance_changed', { members: { ...numbers(asked ?? refundable), expected_refundable_atomic: expected } });
  }
  const amount = asked ?? refundable;
  if (amount > refundable || amount === 0n || !fitsU64(amount)) {
    refuse('refund_exceeds_remaining', {
      detail: `${amount} atoms were asked for; ${refundable} can still be refunded.`,
      members: numbers(amount),
      errors: [at('/amount_atomic', 'refund_exceeds_remaining')],
    });
  }
  return mustAtoms(amount.toString());
}

const at = (pointer: string, code: string) => ({ pointer, code, detail: code.replaceAll('_', ' ') });
