import type { Parts } from '#libs/parts';
import type { PayOutcome } from '#libs/states/outcomes';
import type { RefundStatus } from '#libs/states/refund';
import { type WaitReason, waitFor } from '#libs/states/waiting';
import { buryAttempt } from '#libs/transfers/attempts';
import type { Verdict } from '#libs/transfers/prove';
import { type LegRef, lockCarried, waitingOutcome } from './take.ts';
import { moveRefund } from './transition.ts';

/** An attempt that is proven dead, its verdict not yet written. */
export interface DeadAttempt {
  attemptId: string;
  verdict: Verdict;
}

/**
 * Writes what the refund waits for, and the death of its attempt if there is one, in one transaction under the leg's lock.
 * Nothing is written where it waits for the same thing already. Without a live attempt the refund is `pending` again.
 */
export async function waitLeg(
  parts: Parts,
  ref: LegRef,
  reason: WaitReason,
  attempt: { live: string | null; dead: DeadAttempt | null },
): Promise<PayOutcome> {
  return parts.db.tx('refund.wait', async tx => {
    const leg = await lockCarried(tx, ref);
    if (!leg) return { kind: 'stopped', status: 'carried_elsewhere' };
    if (leg.leg_status === 'posted') return { kind: 'posted' };
    if (attempt.dead) {
      await buryAttempt(tx, attempt.dead.attemptId, attempt.dead.verdict);
      await tx.updateTable('legs').set({ status: 'reserved' }).where('id', '=', leg.leg_id).execute();
    }
    const waiting = waitFor(reason, parts.clock.now(), leg.waiting);
    const to = nextStatus(leg.status, reason, attempt.live !== null);
    if (to !== leg.status || leg.waiting?.reason !== reason) {
      await moveRefund(tx, parts, { ...leg, id: leg.refund_id }, { type: 'workflow', id: ref.carrier }, { to, waiting });
    }
    return waitingOutcome(to, waiting, attempt.live);
  });
}

function nextStatus(status: RefundStatus, reason: WaitReason, live: boolean): RefundStatus {
  if (live) return 'processing';
  if (reason === 'address') return 'requires_address';
  return status === 'processing' ? 'pending' : status;
}
