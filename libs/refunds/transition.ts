import { sql } from 'kysely';
import type { Tx } from '#libs/db/database';
import type { Ids } from '#libs/ids/ids';
import type { Network } from '#libs/money/assets';
import { mustAtoms } from '#libs/money/atoms';
import { type EventKind, type NewEvent, writeEvent } from '#libs/outbox/write-event';
import type { WorkflowUrl } from '#libs/payments/view';
import { causesOf } from '#libs/states/cause';
import { type RefundStatus, refundEdge } from '#libs/states/refund';
import { needsPerson, type Waiting } from '#libs/states/waiting';
import { type RefundView, viewRefund } from './view.ts';

export interface Desk {
  ids: Ids;
  workflowUrl: WorkflowUrl;
}

export interface Actor {
  type: string;
  id: string;
  /** What the caller calls it, on every event it causes; the refund's own when left out. */
  clientReference?: string | null;
}

/** What a transition writes beside the state. */
export interface RefundChange {
  to: RefundStatus;
  waiting: Waiting | null;
  failure?: { code: string; message: string };
  completed?: boolean;
  /** It needs someone, whatever it waits for. */
  attention?: true;
}

interface Standing {
  id: string;
  account_id: string;
  status: string;
  needs_attention: boolean;
}

/**
 * Moves a locked refund along an edge of its table, or only its wait, and tells it: one event per change (I6). Throws for an
 * edge that does not exist. Returns the refund as it now stands.
 */
export async function moveRefund(tx: Tx, desk: Desk, refund: Standing, actor: Actor, change: RefundChange): Promise<RefundView> {
  const edge = refundEdge(refund.status as RefundStatus, change.to, causesOf(actor));
  const attention = change.attention === true || change.to.startsWith('requires_') || needsPerson(change.waiting);
  await tx
    .updateTable('refunds')
    .set({
      status: change.to,
      waiting: change.waiting === null ? null : JSON.stringify(change.waiting),
      needs_attention: attention,
      updated_at: sql`now()`,
      ...(change.failure ? { failure_code: change.failure.code, failure_message: change.failure.message } : {}),
      ...(change.completed ? { completed_at: sql<Date>`now()`, next_due_at: null } : {}),
    })
    .where('id', '=', refund.id)
    .execute();
  const view = await viewRefund(tx, refund.id, desk.workflowUrl);
  const raised = attention && !refund.needs_attention;
  const kind = edge ? edge.event : raised ? 'refund.needs_attention' : 'refund.updated';
  await tellRefund(tx, desk, refund.account_id, actor, kind as EventKind, view);
  return view;
}

/** Writes one event about a refund, with the whole refund as it stands. */
export async function tellRefund(
  tx: Tx,
  desk: Desk,
  accountId: string,
  actor: Actor,
  kind: EventKind,
  view: RefundView,
): Promise<void> {
  await writeEvent(tx, desk.ids, refundEvent(accountId, actor, kind, view));
}

/** The event of a refund, to be written. */
export const refundEvent = (accountId: string, actor: Actor, kind: EventKind, view: RefundView): NewEvent => ({
  kind,
  network: view.network as Network,
  accountId,
  agent: view.owner_agent,
  actor: { type: actor.type, id: actor.id },
  object: { type: 'refund', id: view.id },
  related: { payment_id: view.payment_id, refund_id: view.id, receipt_hash: view.receipt_hash },
  clientReference: actor.clientReference ?? view.client_reference,
  txSig: view.tx_sig,
  amount: mustAtoms(view.amount_atomic),
  asset: view.asset,
  data: view,
});
