import type { Tx } from '#libs/db/database';
import { refuse } from '#libs/problems/refusal';
import { REFUND_TERMINAL } from '#libs/states/refund';
import { waitFor } from '#libs/states/waiting';
import type { Sight } from '../destination.ts';
import { type AskedDestination, judgeDestination, type RedirectSubject, useProof } from '../redirect.ts';
import { moveRefund } from '../transition.ts';
import type { RefundView } from '../view.ts';
import { type Act, type ActDeps, carryOut, type HeldRefund } from './act.ts';
import { deadLegs } from './unmoved.ts';

/** Waits that another destination may end: the refund is looked at anew. */
const ENDED_BY_IT: ReadonlySet<string> = new Set(['address', 'destination_frozen', 'attempts_exhausted']);

/**
 * Sends what has not moved of a refund elsewhere, by the rule for redirects. Refuses with `refund_state_conflict` at its
 * end, with `attempt_live` while anything signed for the old destination may still land, and with what `judgeDestination`
 * refuses.
 */
export const redirectRefund = (
  tx: Tx,
  deps: ActDeps,
  act: Act,
  asked: AskedDestination,
  by: { mayRedirect: boolean; sight: Sight | null },
): Promise<RefundView> =>
  carryOut(tx, deps, act, async refund => {
    if (REFUND_TERMINAL.has(refund.status)) {
      refuse('refund_state_conflict', {
        detail: `The refund is ${refund.status}.`,
        members: { refund_id: refund.id, refund_status: refund.status },
      });
    }
    await deadLegs(tx, refund);
    const subject = await subjectOf(tx, refund);
    const now = deps.clock.now();
    const to = await judgeDestination(subject, asked, { ...by, refundId: refund.id, amount: refund.amount, now });
    if (to.how === 'redirect_signed') await useProof(tx, subject, asked.proof, refund.id);
    await tx
      .updateTable('refunds')
      .set({ destination_owner: to.owner, destination_account: to.tokenAccount, destination_how: to.how })
      .where('id', '=', refund.id)
      .execute();
    const anew = refund.waiting === null || ENDED_BY_IT.has(refund.waiting.reason) || refund.status === 'processing';
    await moveRefund(tx, deps, refund, act.actor, {
      to: refund.status === 'requires_address' || refund.status === 'processing' ? 'pending' : refund.status,
      waiting: anew ? waitFor('not_yet_sent', now) : refund.waiting,
    });
    return 'wake';
  });

const subjectOf = async (tx: Tx, refund: HeldRefund): Promise<RedirectSubject> =>
  (await tx
    .selectFrom('payments')
    .innerJoin('treasuries', join => join.on('treasuries.id', '=', refund.treasury_id))
    .select(['payments.id', 'payments.network', 'payments.payer_owner', 'payments.payer_account'])
    .select(['payments.asset', 'payments.token_program', 'treasuries.owner as treasury_owner'])
    .where('payments.id', '=', refund.payment_id)
    .executeTakeFirstOrThrow()) as RedirectSubject;
