import { deleteLines } from '#libs/outbox/lines';
import type { Parts } from '#libs/parts';
import type { PayOutcome } from '#libs/states/outcomes';
import { REFUND_TERMINAL } from '#libs/states/refund';
import { isOver } from '#libs/states/waiting';
import { holdRefund } from './acts/act.ts';
import { endWithRest } from './acts/end-with-rest.ts';
import { mayLand } from './acts/unmoved.ts';
import { type LegRef, waitingOutcome } from './take.ts';

/**
 * Ends a refund that nobody came for: what has not moved is given back to the payment, and the refund is `failed` with the
 * code `expired`, or `partially_succeeded`. One transaction under the refund's and its legs' locks, as every act: of it and a
 * person who acts at the last moment one wins, and the other finds what it did. Safe to repeat.
 */
export async function expireRefund(parts: Parts, ref: LegRef): Promise<PayOutcome> {
  return parts.db.tx('refund.expire', async (tx): Promise<PayOutcome> => {
    const refund = await holdRefund(tx, { refundId: ref.refundId });
    if (!refund || refund.carrier !== ref.carrier || REFUND_TERMINAL.has(refund.status) || !refund.waiting) {
      return { kind: 'stopped', status: refund?.status ?? 'carried_elsewhere' };
    }
    const { waiting } = refund;
    const over = refund.status.startsWith('requires_') && isOver(waiting, parts.clock.now());
    // Somebody came, or something signed for it may still land: its carrier looks again.
    if (!over || (await mayLand(tx, refund)).length > 0) return waitingOutcome(refund, waiting, null);
    const message = `Nobody ended the wait for ${waiting.reason} before ${waiting.expires_at}.`;
    const actor = { type: 'workflow', id: ref.carrier };
    await endWithRest(tx, parts, refund, actor, { to: 'failed', failure: { code: 'expired', message } });
    await deleteLines(tx, ref.carrier);
    parts.log.warn({ refund_id: refund.id, workflow_id: ref.carrier, reason: waiting.reason }, 'a refund has expired');
    return { kind: 'stopped', status: 'expired' };
  });
}
