import { sql } from 'kysely';
import { deleteLines } from '#libs/outbox/lines';
import { writeOutcome } from '#libs/outbox/outcome';
import type { Parts } from '#libs/parts';
import type { Run } from '#libs/states/outcomes';
import { tellPayment } from './tell.ts';
import { viewPayment } from './view.ts';

/**
 * Ends a payment that was refused before its submission mark, or is proven dead, and was never in the books. Nothing else
 * fails a payment: after the mark, `refused` is no reason. Safe to repeat.
 */
export async function failSettlement(
  parts: Parts,
  paymentId: string,
  run: Run,
  why: { kind: 'refused' | 'dead'; code: string; message: string },
): Promise<{ status: string }> {
  return parts.db.tx(why.kind === 'refused' ? 'settle.refuse' : 'settle.fail', async tx => {
    const payment = await tx.selectFrom('payments').selectAll().where('id', '=', paymentId).forUpdate().executeTakeFirstOrThrow();
    if (payment.status !== 'pending' || payment.carrier !== run.workflow_id) return { status: payment.status };
    // A second run may have submitted it meanwhile: then only the chain's word ends it.
    if (why.kind === 'refused' && payment.submitted_at !== null) return { status: 'pending' };
    // Another run recorded it meanwhile, and it is gone again: then the books have to be set right as well.
    if (payment.receipt_hash !== null) return { status: 'pending' };
    await tx
      .updateTable('payments')
      .set({
        status: 'failed',
        failure_code: why.code,
        failure_message: why.message,
        waiting: null,
        needs_attention: false,
        next_due_at: null,
        updated_at: sql`now()`,
      })
      .where('id', '=', paymentId)
      .execute();
    const view = await viewPayment(tx, paymentId, parts.workflowUrl);
    await tellPayment(tx, parts.ids, payment.account_id, { type: 'workflow', id: run.workflow_id }, 'payment.failed', view);
    await deleteLines(tx, run.workflow_id);
    await writeOutcome(tx, run, 'settlePayment', 'failed', paymentId);
    parts.log.info({ payment_id: paymentId, workflow_id: run.workflow_id, code: why.code }, 'payment failed');
    return { status: 'failed' };
  });
}
