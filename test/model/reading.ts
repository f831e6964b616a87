import type { Command } from './command.ts';
import type { Wire } from './http.ts';
import { amountText } from './refunding.ts';
import { must } from './violation.ts';
import { call, choose, type Payment, type Refund, type World } from './world.ts';

const STATUSES = ['requires_address', 'pending', 'processing', 'succeeded', 'partially_succeeded', 'canceled', 'failed'];

/** A payment's balance adds up, and is within what it can have been while we asked. */
export async function readPayment(world: World, { pick }: Extract<Command, { kind: 'read_payment' }>): Promise<string> {
  const payment = choose(world.payments, pick);
  if (!payment) return 'nothing paid yet';
  const began = performance.now();
  const { status, body } = await call(world, 'GET', `/v1/payments/${payment.id}`);
  must(status === 200, () => `${payment.id} was answered ${status} ${JSON.stringify(body)}`);
  if (isGone(world, body)) return `${payment.id}: ${body.status}`;
  judgeBalance(payment, began, body);
  payment.receiptHash = body.receipt_hash ?? null;
  return `${payment.id}: ${body.status}, ${body.refundable_atomic} left`;
}

/** Of a payment that is gone from the chain, for now or for good, there is no balance to judge. */
const isGone = (world: World, { status }: Wire): boolean => world.vanished > 0 && (status === 'pending' || status === 'failed');

function judgeBalance({ id, sums }: Payment, began: number, body: Wire): void {
  const [refunded, reserved, refundable] = [body.refunded_atomic, body.reserved_atomic, body.refundable_atomic].map(text =>
    BigInt(text ?? '-1'),
  ) as [bigint, bigint, bigint];
  const told = () => `${id}: ${JSON.stringify(body)}, between ${sums.atLeast(began)} and ${sums.atMost(began)} are given back`;
  must(body.amount_atomic === String(sums.captured), told);
  must(refunded >= 0n && reserved >= 0n && refundable >= 0n, told);
  must(refunded + reserved + refundable === sums.captured, () => `I1: ${told()}`);
  must(refunded + reserved >= sums.atLeast(began) && refunded + reserved <= sums.atMost(began), () => `I1: ${told()}`);
  const name = refunded === 0n ? 'settled' : refunded === sums.captured ? 'refunded' : 'partially_refunded';
  must(body.status === name, told);
}

/** A refund is what was asked for, and stays at its end. */
export async function readRefund(world: World, { pick }: Extract<Command, { kind: 'read_refund' }>): Promise<string> {
  const refund = choose([...world.refunds.values()], pick);
  if (!refund) return 'nothing refunded yet';
  const before = { ...refund };
  const { status, body } = await call(world, 'GET', `/v1/refunds/${refund.id}`);
  must(status === 200, () => `${refund.id} was answered ${status} ${JSON.stringify(body)}`);
  judgeRefund(world, refund, before, body);
  return `${refund.id}: ${body.status}`;
}

function judgeRefund(world: World, refund: Refund, before: Refund, body: Wire): void {
  const told = () => `${refund.id} is ${body.status} of ${body.amount_atomic}; it was ${refund.ended} of ${refund.amount}`;
  const { claim } = refund;
  const { ended } = before;
  must(body.amount_atomic === String(refund.amount), told);
  must(STATUSES.includes(body.status ?? ''), told);
  const unmoved = ['canceled', 'failed', 'partially_succeeded'].includes(body.status ?? '');
  const reversed = world.vanished > 0 && body.failure?.code === 'payment_reversed';
  must(!unmoved || reversed || refund.unmoved !== null || claim.releasing > 0 || claim.released !== null, told);
  const reopened = world.vanished > 0 && (ended === 'succeeded' || ended === 'partially_succeeded');
  if (ended !== null && !reopened) must(body.status === ended, told);
  const right =
    refund.redirecting || before.redirecting || body.destination?.owner === refund.to.address || before.to !== refund.to;
  must(right, () => `${told()}; it goes to ${body.destination?.owner}, not to ${refund.to.address}`);
  if (body.status === 'succeeded') refund.ended = 'succeeded';
}

/** The list of a payment's refunds has each that was accepted before it was asked for, once. */
export async function listRefunds(world: World, { pick }: Extract<Command, { kind: 'list_refunds' }>): Promise<string> {
  const payment = choose(world.payments, pick);
  if (!payment) return 'nothing paid yet';
  const before = [...world.refunds.values()].filter(one => one.payment === payment);
  const { status, body } = await call(world, 'GET', `/v1/refunds?payment_id=${payment.id}&limit=200`);
  const listed = (body.items ?? []).map(one => one.id);
  must(status === 200 && new Set(listed).size === listed.length, () => `refunds of ${payment.id}: ${status} ${listed}`);
  if (body.next_cursor === null) {
    const missing = before.filter(one => !listed.includes(one.id)).map(one => one.id);
    must(missing.length === 0, () => `the refunds of ${payment.id} are listed without ${missing}`);
  }
  return `${payment.id}: ${listed.length} refunds`;
}

/** What would happen writes nothing, and says what is left. */
export async function preview(world: World, { pick, amount }: Extract<Command, { kind: 'preview' }>): Promise<string> {
  const payment = choose(world.payments, pick);
  if (!payment) return 'nothing paid yet';
  const { sums, id } = payment;
  const text = amountText(payment, amount);
  if (text !== null && !/^[0-9]+$/.test(text)) return 'no number';
  const began = performance.now();
  const asked = { payment_id: id, ...(text === null ? {} : { amount_atomic: text }) };
  const { status, body } = await call(world, 'POST', '/v1/refunds/preview', asked);
  const told = () => `a preview of ${text ?? 'the rest'} of ${id} says ${status} ${JSON.stringify(body)}`;
  must(status === 200, told);
  const left = BigInt(body.refundable_atomic ?? '-1');
  const gone = world.vanished > 0 && body.refusals?.some(one => one.code === 'payment_not_settled');
  if (gone) return `${id} is gone`;
  must(left >= sums.captured - sums.atMost(began) && left <= sums.captured - sums.atLeast(began), told);
  const wanted = text === null ? left : BigInt(text);
  must((body.refusals?.length === 0) === (wanted > 0n && wanted <= left), told);
  return `${id}: ${body.refundable_atomic} left, ${body.refusals?.map(one => one.code)}`;
}
