import type { Caller } from '#libs/accounts/find-caller';
import type { Clock } from '#libs/clock/clock';
import type { Tx } from '#libs/db/database';
import type { Ids } from '#libs/ids/ids';
import { deleteLines, writeLine } from '#libs/outbox/lines';
import type { WorkflowUrl } from '#libs/payments/view';
import { refuse } from '#libs/problems/refusal';
import type { Pace } from '#libs/states/pace';
import type { RefundStatus } from '#libs/states/refund';
import type { Waiting } from '#libs/states/waiting';
import { startLine } from '../accept.ts';
import type { Actor } from '../transition.ts';
import { type RefundView, viewRefund } from '../view.ts';

export type ActKind = 'cancel' | 'retry' | 'resolve' | 'redirect' | 'metadata';

export interface ActDeps {
  ids: Ids;
  clock: Clock;
  pace: Pace;
  workflowUrl: WorkflowUrl;
}

/** One act as it is asked for, whoever asks. */
export interface Act {
  /** Unique for ever; the same id again is the same act, and nothing is done again. */
  id: string;
  kind: ActKind;
  refundId: string;
  actor: Actor;
  /** Whose refund it must be; the refund's own carrier leaves it out. */
  owner?: Pick<Caller, 'accountId' | 'network'>;
  /** Kept with the act, for whoever reads the audit. */
  arguments: object;
}

/** A refund and its legs under their locks: nothing is signed, posted or voided for it by anyone else meanwhile. */
export type HeldRefund = NonNullable<Awaited<ReturnType<typeof lockRefund>>> & { legs: HeldLeg[] };
export type HeldLeg = Awaited<ReturnType<typeof lockLegs>>[number];

/**
 * Carries out an act in the caller's transaction: locks the refund and then its legs (the order of `lockCarried`), lets the
 * work judge and change it, keeps who did what, and promises to wake the carrier, also where it is gone. A repeat gets the
 * refund as it is now. Throws `Refusal`; then nothing was written.
 */
export async function carryOut(
  tx: Tx,
  deps: ActDeps,
  act: Act,
  work: (refund: HeldRefund) => Promise<'wake' | 'rest'>,
): Promise<RefundView> {
  const refund = await holdRefund(tx, act);
  if (!refund) return refuse('refund_not_found');
  const done = await tx.selectFrom('acts').select('refund_id').where('id', '=', act.id).executeTakeFirst();
  if (done) return viewRefund(tx, refund.id, deps.workflowUrl);

  const next = await work(refund);
  const view = await viewRefund(tx, refund.id, deps.workflowUrl);
  await tx
    .insertInto('acts')
    .values({
      id: act.id,
      account_id: refund.account_id,
      refund_id: refund.id,
      kind: act.kind,
      actor_type: act.actor.type,
      actor_id: act.actor.id,
      arguments: JSON.stringify(act.arguments),
      status_before: refund.status,
      status_after: view.status,
      client_reference: act.actor.clientReference ?? null,
    })
    .execute();
  if (next === 'wake') await wakeCarrier(tx, deps, view, refund.account_id);
  return view;
}

/** Instead of whatever was promised to its carrier before: a wake starts what does not run. */
async function wakeCarrier(tx: Tx, deps: ActDeps, view: RefundView, accountId: string): Promise<void> {
  await deleteLines(tx, view.workflow.id);
  await writeLine(tx, { ...startLine(deps.pace, { account_id: accountId }, view), kind: 'wake' });
}

/** A refund and its legs under their locks, in the order of `lockCarried`; null where there is none, or it is someone else's. */
export async function holdRefund(tx: Tx, whose: Pick<Act, 'refundId' | 'owner'>): Promise<HeldRefund | null> {
  const row = await lockRefund(tx, whose);
  return row ? { ...row, legs: await lockLegs(tx, whose.refundId) } : null;
}

async function lockRefund(tx: Tx, { refundId, owner }: Pick<Act, 'refundId' | 'owner'>) {
  let query = tx.selectFrom('refunds').selectAll().where('id', '=', refundId);
  if (owner) query = query.where('account_id', '=', owner.accountId).where('network', '=', owner.network);
  const row = await query.forUpdate().executeTakeFirst();
  return row && { ...row, status: row.status as RefundStatus, waiting: row.waiting as Waiting | null };
}

const lockLegs = (tx: Tx, refundId: string) =>
  tx.selectFrom('legs').selectAll().where('refund_id', '=', refundId).orderBy('leg').forUpdate().execute();
