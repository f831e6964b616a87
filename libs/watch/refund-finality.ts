import { sql } from 'kysely';
import type { Tx } from '#libs/db/database';
import { dueIn } from '#libs/db/due';
import { writeLine } from '#libs/outbox/lines';
import type { Parts } from '#libs/parts';
import { startLine } from '#libs/refunds/accept';
import { stampRefund } from '#libs/refunds/finalized';
import { moveRefund } from '#libs/refunds/transition';
import { REFUND_TERMINAL, type RefundStatus } from '#libs/states/refund';
import { waitFor } from '#libs/states/waiting';

const ACTOR = { type: 'workflow', id: 'watchFinality' };

/** A leg, and the transaction that was looked for. */
interface SeenLeg {
  id: string;
  signature: string;
}

/** Stamps legs whose transaction is finalized, and refunds all of whose legs are. */
export async function stampLegs(tx: Tx, parts: Parts, seen: readonly SeenLeg[]): Promise<void> {
  if (seen.length === 0) return;
  const ids = seen.map(leg => leg.id);
  // Refunds before legs, as everywhere.
  await tx
    .selectFrom('refunds')
    .select('id')
    .where('id', 'in', tx.selectFrom('legs').select('refund_id').where('id', 'in', ids))
    .orderBy('id')
    .forUpdate()
    .execute();
  const legs = await tx
    .updateTable('legs')
    .set({ finalized_at: sql`now()` })
    .where('id', 'in', ids.sort())
    // Another transaction may have come in its place since it was looked for.
    .where(
      'tx_sig',
      'in',
      seen.map(leg => leg.signature),
    )
    .where('finalized_at', 'is', null)
    .returning('refund_id')
    .execute();
  for (const refundId of new Set(legs.map(leg => leg.refund_id))) {
    await stampRefund(tx, parts, refundId, ACTOR);
  }
}

/**
 * A leg that every provider has lost: its outcome is unknown again, whether its refund had ended or not. The posting stays,
 * and the same bytes are sent again, until they land or are proven dead.
 */
export async function markLegGone(tx: Tx, parts: Parts, gone: SeenLeg): Promise<void> {
  const refund = await tx
    .selectFrom('refunds')
    .selectAll()
    .where('id', '=', tx.selectFrom('legs').select('refund_id').where('id', '=', gone.id))
    .forUpdate()
    .executeTakeFirstOrThrow();
  const reopened = await tx
    .updateTable('legs')
    .set({ status: 'sent' })
    .where('id', '=', gone.id)
    .where('tx_sig', '=', gone.signature)
    .where('status', '=', 'posted')
    .where('finalized_at', 'is', null)
    .executeTakeFirst();
  if (reopened.numUpdatedRows === 0n) return;
  await tx
    .updateTable('refunds')
    .set({ carrier: `refund:${refund.id}`, completed_at: null, next_due_at: dueIn(parts.pace.overdue_ms) })
    .where('id', '=', refund.id)
    .execute();
  const waiting = waitFor('outcome_unknown', parts.clock.now());
  const view = await moveRefund(tx, parts, refund, ACTOR, { to: 'processing', waiting, attention: true });
  // A carrier that is under way with another leg hears of it; one that has ended is started again.
  const ended = REFUND_TERMINAL.has(refund.status as RefundStatus);
  await writeLine(tx, { ...startLine(parts.pace, refund, view), kind: ended ? 'start' : 'wake' });
  parts.log.error({ refund_id: refund.id, leg_id: gone.id, tx_sig: gone.signature }, 'a confirmed refund is gone from the chain');
}
