import type { Tx } from '#libs/db/database';
import { deleteLines, writeLine } from '#libs/outbox/lines';
import type { Parts } from '#libs/parts';
import { startLine } from '#libs/refunds/accept';
import { endWithRest } from '#libs/refunds/acts/end-with-rest';
import { unmovedLegs } from '#libs/refunds/acts/unmoved';
import type { Actor } from '#libs/refunds/transition';
import { viewRefund } from '#libs/refunds/view';
import { REFUND_TERMINAL, type RefundStatus } from '#libs/states/refund';
import type { Waiting } from '#libs/states/waiting';

const FAILURE = {
  code: 'payment_reversed',
  message: 'The payment it gives back was confirmed once and is proven gone from the chain.',
};

/**
 * Fails the refunds of a locked payment for which nothing is signed that may still land, and gives their reservations back:
 * there is nothing to give back from. What is signed runs to its proof. Wakes the carriers of what it ended.
 */
export async function failUnsigned(tx: Tx, parts: Parts, payment: { id: string }, actor: Actor): Promise<void> {
  const refunds = await tx
    .selectFrom('refunds')
    .selectAll()
    .where('payment_id', '=', payment.id)
    .orderBy('id')
    .forUpdate()
    .execute();
  for (const refund of refunds.filter(one => !REFUND_TERMINAL.has(one.status as RefundStatus))) {
    const legs = await tx.selectFrom('legs').selectAll().where('refund_id', '=', refund.id).orderBy('leg').forUpdate().execute();
    const held = { ...refund, legs, status: refund.status as RefundStatus, waiting: refund.waiting as Waiting | null };
    const unmoved = unmovedLegs(held);
    if (unmoved.length > 0 && (await mayLand(tx, unmoved))) continue;
    await endWithRest(tx, parts, held, actor, { to: 'failed', failure: FAILURE });
    const view = await viewRefund(tx, refund.id, parts.workflowUrl);
    await deleteLines(tx, view.workflow.id);
    await writeLine(tx, { ...startLine(parts.pace, refund, view), kind: 'wake' });
  }
}

/** Whether anything signed for these legs is not proven dead. */
async function mayLand(tx: Tx, legs: readonly { id: string }[]): Promise<boolean> {
  const live = await tx
    .selectFrom('attempt_legs')
    .select('leg_id')
    .where(
      'leg_id',
      'in',
      legs.map(leg => leg.id),
    )
    .where('dead', '=', false)
    .limit(1)
    .executeTakeFirst();
  return live !== undefined;
}
