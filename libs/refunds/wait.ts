import type { Parts } from '#libs/parts';
import type { PayOutcome } from '#libs/states/outcomes';
import { silence_ms } from '#libs/states/pace';
import type { RefundStatus } from '#libs/states/refund';
import { OVER_BUDGET, type WaitReason, waitFor } from '#libs/states/waiting';
import { buryAttempt, liveAttempt } from '#libs/transfers/attempts';
import type { Verdict } from '#libs/transfers/prove';
import { refundDue } from './due.ts';
import { standBySponsor, standInLine } from './short.ts';
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
  judged?: {
    destination: string | null;
    balance?: bigint | undefined;
    ends_when?: string | undefined;
    actions?: readonly string[] | undefined;
  },
): Promise<PayOutcome> {
  return parts.db.tx('refund.wait', async tx => {
    const leg = await lockCarried(tx, ref);
    if (!leg) return { kind: 'stopped', status: 'carried_elsewhere' };
    if (leg.leg_status === 'posted') return { kind: 'posted' };
    if (leg.leg_status === 'voided') return { kind: 'voided' };
    // Posted once and gone from the chain: its death is written only together with the reversal in the books.
    const gone = attempt.dead !== null && leg.leg_receipt !== null;
    if (attempt.dead && !gone) {
      await buryAttempt(tx, attempt.dead.attemptId, attempt.dead.verdict);
      await tx.updateTable('legs').set({ status: 'reserved' }).where('id', '=', leg.leg_id).execute();
    }
    // A redirect came in between: what was found is of a destination that is none any more.
    if (judged && judged.destination !== leg.destination_account) return { kind: 'stopped', status: leg.status };
    const live = await liveAttempt(tx, leg.leg_id);
    if (live && !gone && live.signature !== attempt.live) {
      // Another run has signed meanwhile: what this one found out is older than that.
      const standing = leg.waiting ?? waitFor('awaiting_confirmation', parts.clock.now());
      return waitingOutcome(leg, standing, live.signature);
    }
    const why = gone ? 'outcome_unknown' : reason;
    const waiting = waitFor(why, parts.clock.now(), leg.waiting, {
      people_wait_days: leg.people_wait_days,
      ...(gone ? {} : { ends_when: judged?.ends_when, actions: judged?.actions }),
    });
    const to = nextStatus(leg.status, why, live !== null);
    const moved = to !== leg.status || leg.waiting?.reason !== why || leg.waiting.ends_when !== waiting.ends_when;
    const refund = moved
      ? await moveRefund(tx, parts, { ...leg, id: leg.refund_id }, { type: 'workflow', id: ref.carrier }, { to, waiting })
      : leg;
    if (why === 'insufficient_funds') await standInLine(tx, parts, leg, judged?.balance ?? null);
    if (why === 'sponsor_short' && waiting.ends_when !== OVER_BUDGET.ends_when) await standBySponsor(tx, parts, leg);
    if (moved && to.startsWith('requires_')) {
      const next_due_at = refundDue(silence_ms(parts.pace, 1));
      await tx.updateTable('refunds').set({ next_due_at }).where('id', '=', leg.refund_id).execute();
    }
    return waitingOutcome(refund, waiting, live?.signature ?? null);
  });
}

function nextStatus(status: RefundStatus, reason: WaitReason, live: boolean): RefundStatus {
  if (live) return 'processing';
  if (reason === 'address') return 'requires_address';
  return status === 'processing' ? 'pending' : status;
}
