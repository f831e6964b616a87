import type { AccountSettings } from '#libs/accounts/settings';
import { type Atoms, atoms, fitsU64, mustAtoms } from '#libs/money/atoms';
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

/** What is kept back of a refund, in atoms; none when the request names none. Only of the merchant's own money. */
export function judgeFee(request: RefundRequest, amount: Atoms): Atoms {
  const { fee, source } = request;
  if (!fee) return atoms(0n);
  if (source === 'platform') {
    refuse('source_not_allowed', {
      detail: 'A fee is kept from refunds that the merchant’s own treasury pays.',
      errors: [at('/fee', 'source_not_allowed')],
    });
  }
  const asked = BigInt(fee.amount_atomic);
  if (asked === 0n) refuse('amount_not_positive', { errors: [at('/fee/amount_atomic', 'amount_not_positive')] });
  if (asked >= amount) {
    refuse('fee_not_below_amount', {
      detail: `A fee of ${asked} atoms leaves nothing of ${amount}.`,
      members: { fee_atomic: asked.toString(), amount_atomic: amount.toString() },
      errors: [at('/fee/amount_atomic', 'fee_not_below_amount')],
    });
  }
  return atoms(asked);
}

const DAY_MS = 86_400_000;

/** Whether the account's own limits allow one more refund of the payment, which has had so many (failed and canceled left out). */
export function judgeLimits(payment: LockedPayment, settings: AccountSettings, refunds: number, now: Date): void {
  const { refund_window_days, max_refunds_per_payment } = settings;
  const settledAt = payment.settled_at;
  if (refund_window_days !== null && settledAt !== null) {
    const end = new Date(settledAt.getTime() + refund_window_days * DAY_MS);
    if (now > end) {
      const refund_window_ended_at = end.toISOString();
      refuse('refund_window_passed', {
        detail: `Refunds were possible until ${refund_window_ended_at}, ${refund_window_days} days after settlement.`,
        members: { payment_id: payment.id, refund_window_days, refund_window_ended_at },
      });
    }
  }
  if (max_refunds_per_payment !== null && refunds >= max_refunds_per_payment) {
    refuse('too_many_refunds', {
      detail: `The payment has had ${refunds} refunds; the account allows ${max_refunds_per_payment}.`,
      members: { payment_id: payment.id, refunds, max_refunds_per_payment },
    });
  }
}

const at = (pointer: string, code: string) => ({ pointer, code, detail: code.replaceAll('_', ' ') });
