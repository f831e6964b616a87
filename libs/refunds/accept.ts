import { sql } from 'kysely';
import type { Caller } from '#libs/accounts/find-caller';
import type { Clock } from '#libs/clock/clock';
import { maxLegOf } from '#libs/config/limits';
import type { Database, Reader, Tx } from '#libs/db/database';
import { dueIn } from '#libs/db/due';
import { type Answer, type Ask, once } from '#libs/idempotency/once';
import type { Ids } from '#libs/ids/ids';
import { transfer } from '#libs/ledger/transfer';
import { type Atoms, atoms, mustAtoms } from '#libs/money/atoms';
import type { NewLine } from '#libs/outbox/lines';
import { writeEventAndLine } from '#libs/outbox/write-event';
import { chainOf, type Parts } from '#libs/parts';
import { type LockedPayment, lockPayment } from '#libs/payments/lock';
import { refuse } from '#libs/problems/refusal';
import type { Pace } from '#libs/states/pace';
import { waitFor } from '#libs/states/waiting';
import type { Sight } from './destination.ts';
import { judgeAmount, judgeFee, judgeLimits } from './judge.ts';
import { type LegPart, splitLegs } from './legs.ts';
import { assetOfPayment, type Destination, judgeDestination, sightOf, useProof } from './redirect.ts';
import { contentHash, type RefundRequest } from './request.ts';
import { type MoneySource, sourceOf } from './source.ts';
import { type Desk, refundEvent } from './transition.ts';
import { type RefundView, viewRefund } from './view.ts';

export interface AcceptDeps extends Desk {
  db: Database;
  ids: Ids;
  clock: Clock;
  pace: Pace;
  chains: Parts['chains'];
  /** The signers' limits. */
  config: Parts['config'];
}

/**
 * Accepts a refund: judges it, reserves its money and promises the transfer, all in one SQL transaction (DESIGN section 2).
 * Answers 201, or 200 with the refund as it is now for a known `external_id`. Throws `Refusal`; then nothing was written.
 */
export async function acceptRefund(deps: AcceptDeps, caller: Caller, ask: Ask<RefundRequest>): Promise<Answer<RefundView>> {
  const request = { ...ask.body, client_reference: ask.body.client_reference ?? ask.clientReference ?? undefined };
  if (ask.key === null && request.external_id === undefined) refuse('idempotency_key_missing');
  const { destination } = request;
  const asset = destination ? await assetOfPayment(deps.db.read, caller, request) : null;
  const sight = asset && (await sightOf(chainOf(deps, caller.network), 'api.refund.destination', asset, destination));
  return deps.db.tx('api.refund.accept', tx => once(tx, caller.accountId, ask, () => accept(tx, deps, caller, request, sight)));
}

async function accept(
  tx: Tx,
  deps: AcceptDeps,
  caller: Caller,
  request: RefundRequest,
  sight: Sight | null,
): Promise<{ status: number; body: RefundView }> {
  const payment = await lockPayment(tx, caller, request);
  if (!payment) return refuse('payment_not_found');
  const known = await findExternal(tx, deps, payment.id, request);
  if (known) return { status: 200, body: known };

  const amount = judgeAmount(payment, request);
  const { settings } = payment;
  const refunds = settings.max_refunds_per_payment === null ? 0 : await countRefunds(tx, payment.id);
  judgeLimits(payment, settings, refunds, deps.clock.now());
  const source = await sourceOf(tx, payment, request);
  const fee = judgeFee(request, amount);
  const legs = splitLegs(amount, fee, maxLegOf(deps.config, payment.network));
  const to = await destinationOf({ ...payment, treasury_owner: source.owner }, request, {
    mayRedirect: caller.scopes.has('refunds:redirect'),
    refundId: null,
    amount: amount.toString(),
    now: deps.clock.now(),
    sight,
  });
  const promise = { payment, request, source, amount, fee, legs, to, initiator: { type: 'api_key', id: caller.keyId } };
  const view = await write(tx, deps, promise);
  if (to?.how === 'redirect_signed') await useProof(tx, payment, request.destination?.proof, view.id);
  return { status: 201, body: view };
}

/** The refund that bears this `external_id` already: looked up before state, balance and expectation. */
async function findExternal(tx: Tx, deps: AcceptDeps, paymentId: string, request: RefundRequest): Promise<RefundView | null> {
  if (request.external_id === undefined) return null;
  const found = await tx
    .selectFrom('refunds')
    .select(['id', 'content_hash'])
    .where('payment_id', '=', paymentId)
    .where('external_id', '=', request.external_id)
    .executeTakeFirst();
  if (!found) return null;
  if (!found.content_hash.equals(contentHash(request))) refuse('external_id_conflict', { members: { refund_id: found.id } });
  return viewRefund(tx, found.id, deps.workflowUrl);
}

/** How many refunds a payment has had that moved its money, or still may. */
export async function countRefunds(reader: Reader, paymentId: string): Promise<number> {
  const { n } = await reader
    .selectFrom('refunds')
    .select(sql<string>`count(*)`.as('n'))
    .where('payment_id', '=', paymentId)
    .where('status', 'not in', ['failed', 'canceled'])
    .executeTakeFirstOrThrow();
  return Number(n);
}

/** Where it goes: as asked, or else back to whoever paid; null where that is not known. */
export async function destinationOf(
  payment: LockedPayment,
  request: RefundRequest,
  by: Parameters<typeof judgeDestination>[2],
): Promise<Destination | null> {
  if (request.destination) return judgeDestination(payment, request.destination, by);
  if (payment.payer_owner === null || payment.payer_account === null) return null;
  return { owner: payment.payer_owner, tokenAccount: payment.payer_account, how: 'payer' };
}

/** What is promised, judged. */
interface RefundPromise {
  payment: LockedPayment;
  request: RefundRequest;
  source: MoneySource;
  amount: Atoms;
  fee: Atoms;
  legs: readonly LegPart[];
  to: Destination | null;
  initiator: { type: string; id: string };
}

/** Refund, legs with a reservation each, event and start line: the promise, whole or not at all. */
async function write(tx: Tx, deps: AcceptDeps, promise: RefundPromise): Promise<RefundView> {
  const { payment, request, source, amount, to, initiator } = promise;
  const now = deps.clock.now();
  const id = deps.ids.next('refund');
  const legs = promise.legs.map(part => {
    const legId = deps.ids.next('leg');
    return { ...part, id: legId, reservation: `${legId}:reserve` };
  });
  const workflowId = `refund:${id}`;
  const status = to ? 'pending' : 'requires_address';
  const waiting = waitFor(to ? 'not_yet_sent' : 'address', now, null, payment.settings);
  for (const leg of legs) {
    await transfer(tx, {
      id: leg.reservation,
      kind: 'pending',
      network: payment.network,
      asset: payment.asset,
      amount: leg.amount,
      debit: { code: 'payment', object: payment.id },
      credit: source.side,
      occurredAt: now,
      source: { type: 'refund', id },
    });
  }
  // One statement for refund and legs: what a refund costs is mostly its round trips.
  const promised = tx.with('refund', cte =>
    cte.insertInto('refunds').values({
      id,
      account_id: payment.account_id,
      agent_id: payment.agent_id,
      payment_id: payment.id,
      network: payment.network,
      status,
      waiting: JSON.stringify(waiting),
      needs_attention: to === null,
      amount: amount.toString(),
      fee: promise.fee.toString(),
      currency: payment.currency,
      asset: payment.asset,
      token_program: payment.token_program,
      source: request.source ?? 'merchant',
      treasury_id: source.treasuryId,
      destination_owner: to?.owner ?? null,
      destination_account: to?.tokenAccount ?? null,
      destination_how: to?.how ?? 'unknown',
      reason: request.reason ?? 'other',
      reason_text: request.reason_text ?? null,
      external_id: request.external_id ?? null,
      content_hash: contentHash(request),
      metadata: JSON.stringify(request.metadata ?? {}),
      client_reference: request.client_reference ?? null,
      initiator_type: initiator.type,
      initiator_id: initiator.id,
      carrier: workflowId,
      next_due_at: dueIn(deps.pace.overdue_ms),
    }),
  );
  await promised
    .insertInto('legs')
    .values(
      legs.map(leg => ({
        id: leg.id,
        refund_id: id,
        leg: leg.leg,
        amount: leg.amount.toString(),
        fee: leg.fee.toString(),
        status: 'reserved',
        reservation_id: leg.reservation,
      })),
    )
    .execute();
  const view = await viewRefund(tx, id, deps.workflowUrl);
  const event = refundEvent(payment.account_id, initiator, 'refund.created', view);
  await writeEventAndLine(tx, deps.ids, event, startLine(deps.pace, payment, view));
  return view;
}

/** The line that has the relay start this refund's carrier. */
export function startLine(pace: Pace, refund: { account_id: string }, view: RefundView): NewLine {
  const small = mustAtoms(view.amount_atomic) <= atoms(BigInt(Number.MAX_SAFE_INTEGER));
  return {
    kind: 'start',
    workflowType: 'refundPayment',
    workflowId: view.workflow.id,
    input: {
      refund_id: view.id,
      payment_id: view.payment_id,
      network: view.network,
      amount_atomic: view.amount_atomic,
      currency: view.currency,
      legs: view.transfers.map(leg => ({ id: leg.id, amount_atomic: leg.amount_atomic })),
      pace,
    },
    search: {
      AccountId: refund.account_id,
      AgentMint: view.owner_agent,
      PaymentId: view.payment_id,
      RefundId: [view.id],
      FlowStatus: view.status,
      Asset: view.currency,
      NeedsAttention: view.needs_attention,
      ...(small ? { AmountAtoms: Number(view.amount_atomic) } : {}),
    },
    summary: `refund ${view.amount_atomic} atoms of ${view.currency} on ${view.payment_id}`,
    accountId: refund.account_id,
  };
}
