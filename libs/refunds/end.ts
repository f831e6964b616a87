import { writeOutcome } from '#libs/outbox/outcome';
import type { Parts } from '#libs/parts';
import type { RefundEnd, Run } from '#libs/states/outcomes';
import { REFUND_TERMINAL, type RefundStatus } from '#libs/states/refund';

/**
 * How a refund ended that its carrier did not end itself (an act did), kept for this run. Says `open` where it has not
 * ended and is still this carrier's: then the carrier must go on. Safe to repeat: writes once per run.
 */
export async function endRefund(parts: Parts, refundId: string, run: Run): Promise<RefundEnd> {
  return parts.db.tx('refund.end', async tx => {
    const refund = await tx
      .selectFrom('refunds')
      .select(['status', 'carrier', 'tx_sig', 'failure_code'])
      .where('id', '=', refundId)
      .executeTakeFirstOrThrow();
    if (refund.carrier !== run.workflow_id) return { kind: 'ended', status: 'carried_elsewhere', tx_sig: null, failure: null };
    if (!REFUND_TERMINAL.has(refund.status as RefundStatus)) return { kind: 'open' };
    await writeOutcome(tx, run, 'refundPayment', refund.status, refundId);
    return { kind: 'ended', status: refund.status, tx_sig: refund.tx_sig, failure: refund.failure_code };
  });
}
