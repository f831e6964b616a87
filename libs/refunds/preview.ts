import type { Caller } from '#libs/accounts/find-caller';
import { maxLegOf } from '#libs/config/limits';
import type { Reader } from '#libs/db/database';
import { type Atoms, atoms, mustAtoms } from '#libs/money/atoms';
import { chainOf } from '#libs/parts';
import { findPayment, type LockedPayment } from '#libs/payments/lock';
import type { ProblemCode } from '#libs/problems/catalogue';
import { Refusal, refuse } from '#libs/problems/refusal';
import { type Waiting, waitFor } from '#libs/states/waiting';
import { countRefunds, destinationOf } from './accept.ts';
import type { Sight } from './destination.ts';
import { judgeAmount, judgeFee, judgeLimits } from './judge.ts';
import { type LegPart, splitLegs } from './legs.ts';
import { look, type PreviewDeps } from './preview-look.ts';
import { assetOfPayment, type Destination, judgeProofUnused, sightOf } from './redirect.ts';
import { contentHash, type RefundRequest } from './request.ts';
import { type MoneySource, sourceOf } from './source.ts';

/** What would become of a refund if it were asked for now (API.md). Nothing is reserved: another request may come first. */
export interface RefundPreview {
  payment_id: string;
  network: string;
  currency: string;
  asset: string;
  refundable_atomic: string;
  refunded_atomic: string;
  reserved_atomic: string;
  /** Null where the amount itself is refused. */
  amount_atomic: string | null;
  payer_receives_atomic: string | null;
  destination: { owner: string; token_account: string; how: string } | null;
  legs: { leg: number; amount_atomic: string; payer_receives_atomic: string }[];
  /** Null where it would be refused. */
  status: 'pending' | 'requires_address' | null;
  /** What it would wait for before it is sent; null where nothing stands in its way, or the chain was not asked. */
  waiting: Waiting | null;
  /** Whether the chain answered: without it, `waiting` and the fee are not known. */
  chain_asked: boolean;
  network_fee_lamports: string | null;
  rent_lamports: string | null;
  /** The refund that bears this `external_id` already: asking again would answer with it. */
  known_refund_id: string | null;
  /** The first is what the request would be answered. */
  refusals: { code: ProblemCode; status: number; detail: string; members: Record<string, unknown> }[];
}

/** A fee of a refused amount is judged by itself. */
const NO_LIMIT = atoms(2n ** 64n - 1n);

/** Judges a request for a refund by the functions that `acceptRefund` judges it by, and writes nothing. Throws only `payment_not_found`. */
export async function previewRefund(deps: PreviewDeps, caller: Caller, request: RefundRequest): Promise<RefundPreview> {
  const reader = deps.db.read;
  const payment = await findPayment(reader, caller, request);
  if (!payment) return refuse('payment_not_found');
  const chain = chainOf(deps, caller.network);
  const asset = request.destination ? await assetOfPayment(reader, caller, request) : null;
  const sight = await sightOf(chain, 'api.refund.preview', asset, request.destination);
  const judged = await judge(deps, caller, payment, request, sight);
  const { amount, net, source, legs, to, refusals, known } = judged;
  const sendable = refusals.length === 0 && known === null && source !== null && to !== null;
  const road = sendable ? await look(deps, payment, { source, legs, to }) : null;
  return {
    payment_id: payment.id,
    network: payment.network,
    currency: payment.currency,
    asset: payment.asset,
    refundable_atomic: payment.refundable.toString(),
    refunded_atomic: payment.refunded.toString(),
    reserved_atomic: payment.reserved.toString(),
    amount_atomic: amount?.toString() ?? null,
    payer_receives_atomic: net?.toString() ?? null,
    destination: road?.destination ?? (to && { owner: to.owner, token_account: to.tokenAccount, how: to.how }),
    legs: legs.map(one => ({
      leg: one.leg,
      amount_atomic: one.amount.toString(),
      payer_receives_atomic: (one.amount - one.fee).toString(),
    })),
    status: refusals.length > 0 ? null : to ? 'pending' : 'requires_address',
    waiting:
      refusals.length > 0 || known
        ? null
        : to
          ? (road?.waiting ?? null)
          : waitFor('address', deps.clock.now(), null, payment.settings),
    chain_asked: road !== null,
    network_fee_lamports: road?.fee ?? null,
    rent_lamports: road?.rent ?? null,
    known_refund_id: known,
    refusals,
  };
}

interface Judged {
  amount: Atoms | null;
  /** What the payer gets of it. */
  net: bigint | null;
  source: MoneySource | null;
  /** None where it is refused, or stands already. */
  legs: readonly LegPart[];
  to: Destination | null;
  known: string | null;
  refusals: RefundPreview['refusals'];
}

/** In the order of `acceptRefund`; what one refusal makes meaningless is not judged. */
async function judge(
  deps: PreviewDeps,
  caller: Caller,
  payment: LockedPayment,
  request: RefundRequest,
  sight: Sight | null,
): Promise<Judged> {
  const reader = deps.db.read;
  const now = deps.clock.now();
  const refusals: Judged['refusals'] = [];
  const allowed = async <T>(check: () => T | Promise<T>): Promise<T | null> => {
    try {
      return await check();
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      const { code, status, detail, members } = error;
      refusals.push({ code, status, detail, members });
      return null;
    }
  };
  const known = await allowed(() => knownRefund(reader, payment.id, request));
  if (known) {
    const net = mustAtoms(known.amount) - mustAtoms(known.fee);
    return {
      amount: mustAtoms(known.amount),
      net,
      source: null,
      legs: await legsOf(reader, known.id),
      to: null,
      known: known.id,
      refusals,
    };
  }
  const amount = await allowed(() => judgeAmount(payment, request));
  await allowed(async () => judgeLimits(payment, payment.settings, await countRefunds(reader, payment.id), now));
  const source = await allowed(() => sourceOf(reader, payment, request));
  const fee = await allowed(() => judgeFee(request, amount ?? NO_LIMIT));
  const split =
    amount === null || fee === null ? null : await allowed(() => splitLegs(amount, fee, maxLegOf(deps.config, payment.network)));
  const to = await allowed(async () => {
    const by = { mayRedirect: caller.scopes.has('refunds:redirect'), refundId: null, sight, now };
    // A proof is over the amount: without one it cannot be judged.
    const asked = amount === null && request.destination ? { ...request, destination: undefined } : request;
    const from = source ? { ...payment, treasury_owner: source.owner } : payment;
    const found = await destinationOf(from, asked, { ...by, amount: (amount ?? atoms(0n)).toString() });
    if (found?.how === 'redirect_signed') await judgeProofUnused(reader, payment, request.destination?.proof);
    return found;
  });
  const net = amount === null || fee === null ? null : amount - fee;
  return { amount, net, source, legs: split ?? [], to, known: null, refusals };
}

async function knownRefund(reader: Reader, paymentId: string, request: RefundRequest) {
  if (request.external_id === undefined) return null;
  const found = await reader
    .selectFrom('refunds')
    .select(['id', 'amount', 'fee', 'content_hash'])
    .where('payment_id', '=', paymentId)
    .where('external_id', '=', request.external_id)
    .executeTakeFirst();
  if (!found) return null;
  if (!found.content_hash.equals(contentHash(request))) refuse('external_id_conflict', { members: { refund_id: found.id } });
  return found;
}

/** The legs a known refund was given. */
async function legsOf(reader: Reader, refundId: string): Promise<LegPart[]> {
  const rows = await reader
    .selectFrom('legs')
    .select(['leg', 'amount', 'fee'])
    .where('refund_id', '=', refundId)
    .orderBy('leg')
    .execute();
  return rows.map(row => ({ leg: row.leg, amount: mustAtoms(row.amount), fee: mustAtoms(row.fee) }));
}
