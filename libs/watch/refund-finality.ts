import { sql } from 'kysely';
import type { Tx } from '#libs/db/database';
import { dueIn } from '#libs/db/due';
import { writeLine } from '#libs/outbox/lines';
import type { Parts } from '#libs/parts';
import { startLine } from '#libs/refunds/accept';
import { moveRefund, tellRefund } from '#libs/refunds/transition';
import { viewRefund } from '#libs/refunds/view';
import { REFUND_TERMINAL, type RefundStatus } from '#libs/states/refund';
import { waitFor } from '#libs/states/waiting';

const ACTOR = { type: 'workflow', id: 'watchFinality' };

/** Stamps legs whose transaction is finalized, and refunds all of whose legs are. */
export async function stampLegs(tx: Tx, parts: Parts, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  // Refunds before legs, as everywhere.
  await tx
    .selectFrom('refunds')
    .select('id')
    .where(
      'id',
      'in',
      tx
        .selectFrom('legs')
        .select('refund_id')
        .where('id', 'in', [...ids]),
    )
    .orderBy('id')
    .forUpdate()
    .execute();
  const legs = await tx
    .updateTable('legs')
    .set({ finalized_at: sql`now()` })
    .where('id', 'in', [...ids].sort())
    .where('finalized_at', 'is', null)
    .returning('refund_id')
    .execute();
  for (const refundId of new Set(legs.map(leg => leg.refund_id))) {
    const { rows } = await sql<{ account_id: string }>`
      update refunds set finalized_at = now() where id = ${refundId} and finalized_at is null and status = 'succeeded'
        and not exists (select from legs where refund_id = ${refundId} and finalized_at is null)
      returning account_id`.execute(tx);
    const [row] = rows;
    if (!row) continue;
    await tellRefund(tx, parts, row.account_id, ACTOR, 'refund.finalized', await viewRefund(tx, refundId, parts.workflowUrl));
  }
}

/** A leg that every provider has lost: its outcome is unknown again. The posting stays, and the same bytes are sent again. */
export async function markLegGone(tx: Tx, parts: Parts, legId: string): Promise<void> {
  const refund = await tx
    .selectFrom('refunds')
    .selectAll()
    .where('id', '=', tx.selectFrom('legs').select('refund_id').where('id', '=', legId))
    .forUpdate()
    .executeTakeFirstOrThrow();
  if (!REFUND_TERMINAL.has(refund.status as RefundStatus)) return;
  const reopened = await tx
    .updateTable('legs')
    .set({ status: 'sent' })
    .where('id', '=', legId)
    .where('status', '=', 'posted')
    .where('finalized_at', 'is', null)
    .executeTakeFirst();
  if (reopened.numUpdatedRows === 0n) return;
  await tx
    .updateTable('refunds')
    .set({ completed_at: null, next_due_at: dueIn(parts.pace.overdue_ms) })
    .where('id', '=', refund.id)
    .execute();
  const waiting = waitFor('outcome_unknown', parts.clock.now());
  const view = await moveRefund(tx, parts, refund, ACTOR, { to: 'processing', waiting, attention: true });
  await writeLine(tx, startLine(parts.pace, refund, view));
  parts.log.error({ refund_id: refund.id, leg_id: legId, tx_sig: refund.tx_sig }, 'a confirmed refund is gone from the chain');
}
