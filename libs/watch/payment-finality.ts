import { sql } from 'kysely';
import type { Tx } from '#libs/db/database';
import { dueIn } from '#libs/db/due';
import { writeLine } from '#libs/outbox/lines';
import type { Parts } from '#libs/parts';
import { settlementLine } from '#libs/payments/claim';
import { tellPayment } from '#libs/payments/tell';
import { viewPayments } from '#libs/payments/view';
import { waitFor } from '#libs/states/waiting';

const ACTOR = { type: 'workflow', id: 'watchFinality' };

/** Stamps payments whose transaction is finalized. */
export async function stampPayments(tx: Tx, parts: Parts, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  const stamped = await tx
    .updateTable('payments')
    .set({ finalized_at: sql`now()` })
    .where('id', 'in', [...ids].sort())
    .where('finalized_at', 'is', null)
    .returning(['id', 'account_id'])
    .execute();
  const owners = new Map(stamped.map(row => [row.id, row.account_id]));
  for (const view of await viewPayments(tx, [...owners.keys()], parts.workflowUrl)) {
    await tellPayment(tx, parts.ids, owners.get(view.id) ?? '', ACTOR, 'payment.finalized', view);
  }
}

/** A payment that every provider has lost is pending again, and its carrier looks for it, sends it again, or proves it dead. */
export async function markPaymentGone(tx: Tx, parts: Parts, id: string): Promise<void> {
  const row = await tx
    .updateTable('payments')
    .set({
      status: 'pending',
      waiting: JSON.stringify(waitFor('outcome_unknown', parts.clock.now())),
      needs_attention: true,
      next_due_at: dueIn(parts.pace.overdue_ms),
      updated_at: sql`now()`,
    })
    .where('id', '=', id)
    .where('status', 'in', ['settled', 'partially_refunded', 'refunded'])
    .where('finalized_at', 'is', null)
    .returningAll()
    .executeTakeFirst();
  if (!row) return;
  const [view] = await viewPayments(tx, [id], parts.workflowUrl);
  if (!view) return;
  await tellPayment(tx, parts.ids, row.account_id, ACTOR, 'payment.reopened', view);
  await writeLine(tx, settlementLine(parts.pace, { ...row, slug: view.payment_link_id, mint: view.owner_agent }));
  parts.log.error({ payment_id: id, tx_sig: row.tx_sig }, 'a confirmed payment is gone from the chain');
}
