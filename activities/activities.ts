import { Context } from '@temporalio/activity';
import type { Parts } from '#libs/parts';
import { recordSettlement } from '#libs/payments/record';
import { settlePayment } from '#libs/payments/settle';
import { actFromWorkflow } from '#libs/refunds/acts/from-workflow';
import { endRefund } from '#libs/refunds/end';
import { payLeg } from '#libs/refunds/pay';
import { postLeg } from '#libs/refunds/post';
import type { Pace } from '#libs/states/pace';
import type { Watch } from '#libs/transfers/follow';
import { openTreasury } from '#libs/treasuries/open';
import { scanTreasuries } from '#libs/treasuries/scan-all';
import { watchFinality } from '#libs/watch/finality';
import { restartOverdue } from '#libs/watch/overdue';
import { endWithoutMoney } from '#libs/watch/reverse-payment';
import { watchSponsor } from '#libs/watch/sponsor-funds';
import { watchTreasury } from '#libs/watch/treasury-funds';
import type { Activities } from '#workflows/contracts/activities';

const BEATS_PER_TIMEOUT = 3;

/** What the workflows ask of the world. `stopping` is aborted when the worker shuts down: whatever polls, yields. */
export function openActivities(parts: Parts, stopping: AbortSignal): Activities {
  /** Beats by itself: a question may hang longer than a heartbeat, and the process lives. What hangs has its own limits. */
  const watched = async <T>(pace: Pace, work: (watch: Watch) => Promise<T>): Promise<T> => {
    const context = Context.current();
    const beat = () => context.heartbeat();
    const timer = setInterval(beat, pace.heartbeat_ms / BEATS_PER_TIMEOUT);
    try {
      return await work({
        pace,
        tries: context.info.attempt,
        beat,
        abort: AbortSignal.any([stopping, context.cancellationSignal]),
      });
    } finally {
      clearInterval(timer);
    }
  };
  return {
    /** Safe to repeat: submits the same message, and believes only the chain. */
    settle: ({ payment_id, run, pace }) =>
      watched(pace, watch => settlePayment(parts, { paymentId: payment_id, carrier: run.workflow_id }, watch)),
    /** Safe to repeat: writes once. */
    recordSettlement: ({ payment_id, run, landed }) => recordSettlement(parts, payment_id, run, landed),
    /** Safe to repeat: writes once, and takes back once what was in the books. */
    failSettlement: ({ payment_id, run, why }) => endWithoutMoney(parts, payment_id, run, why),
    /** Safe to repeat: goes on from the stored attempt; signs anew only what is proven dead. */
    payLeg: ({ leg_id, refund_id, run, pace }) =>
      watched(pace, watch => payLeg(parts, { legId: leg_id, refundId: refund_id, carrier: run.workflow_id }, watch)),
    /** Safe to repeat: writes once. */
    postLeg: ({ leg_id, refund_id, run, landed }) => postLeg(parts, { legId: leg_id, refundId: refund_id }, run, landed),
    /** Safe to repeat: writes once per run. */
    endRefund: ({ refund_id, run }) => endRefund(parts, refund_id, run),
    /** Safe to repeat: the update's id names the act. */
    act: ({ kind, refund_id, update_id, arguments: given, run }) =>
      actFromWorkflow(parts, run, { kind, refundId: refund_id, updateId: update_id, arguments: given }),
    /** Safe to repeat: opening an open account changes nothing. */
    openTreasury: ({ treasury_id, run, pace }) => watched(pace, watch => openTreasury(parts, treasury_id, run, watch)),
    /** Safe to repeat: who is woken in vain waits again. */
    watchTreasury: ({ treasury_id, mint, run, pace }) =>
      watched(pace, watch => watchTreasury(parts, { treasuryId: treasury_id, mint }, run, watch)),
    /** Safe to repeat: who is woken in vain waits again. */
    watchSponsor: ({ network, run, pace }) => watched(pace, watch => watchSponsor(parts, network, run, watch)),
    /** Safe to repeat: books once. */
    scanTreasuries: ({ pace }) => watched(pace, watch => scanTreasuries(parts, watch.beat)),
    /** Safe to repeat: stamps once. */
    watchFinality: ({ pace }) => watched(pace, () => watchFinality(parts)),
    /** Safe to repeat: a start of what runs is no start. */
    restartOverdue: ({ pace }) => watched(pace, () => restartOverdue(parts, pace)),
  };
}
