import type { Tx } from '#libs/db/database';
import { deleteLines, writeLine } from '#libs/outbox/lines';
import type { Parts } from '#libs/parts';
import { startLine } from '#libs/refunds/accept';
import { holdRefund } from '#libs/refunds/acts/act';
import { endWithRest } from '#libs/refunds/acts/end-with-rest';
import { mayLand } from '#libs/refunds/acts/unmoved';
import type { Actor } from '#libs/refunds/transition';
import { viewRefund } from '#libs/refunds/view';
import { REFUND_TERMINAL } from '#libs/states/refund';

const FAILURE = {
  code: 'payment_reversed',
  message: 'The payment it gives back was confirmed once and is proven gone from the chain.',
};

/**
 * Fails the refunds of a locked payment for which nothing is signed that may still land, and gives their reservations back:
 * there is nothing to give back from. What is signed runs to its proof. Wakes the carriers of what it ended.
 */
export async function failUnsigned(tx: Tx, parts: Parts, payment: { id: string }, actor: Actor): Promise<void> {
  const open = await tx
    .selectFrom('refunds')
    .select('id')
    .where('payment_id', '=', payment.id)
    .where('status', 'not in', [...REFUND_TERMINAL])
    .orderBy('id')
    .execute();
  for (const { id } of open) {
    const refund = await holdRefund(tx, { refundId: id });
    if (!refund || REFUND_TERMINAL.has(refund.status) || (await mayLand(tx, refund)).length > 0) continue;
    await endWithRest(tx, parts, refund, actor, { to: 'failed', failure: FAILURE });
    const view = await viewRefund(tx, id, parts.workflowUrl);
    await deleteLines(tx, view.workflow.id);
    await writeLine(tx, { ...startLine(parts.pace, refund, view), kind: 'wake' });
  }
}
