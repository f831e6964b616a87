import type { Tx } from '#libs/db/database';
import { refuse } from '#libs/problems/refusal';
import { REFUND_TERMINAL } from '#libs/states/refund';
import { waitFor } from '#libs/states/waiting';
import { countAttempts } from '#libs/transfers/attempts';
import { moveRefund } from '../transition.ts';
import type { RefundView } from '../view.ts';
import { type Act, type ActDeps, carryOut, type HeldRefund } from './act.ts';
import { unmovedLegs } from './unmoved.ts';

/**
 * Has a waiting refund looked at again, now. After `attempts_exhausted` the counting starts anew; a destination that was
 * found unfit is asked of the chain again. Refuses with `refund_state_conflict` what no look can help: a refund at its end,
 * or one that waits for an answer that only a person gives.
 */
export const retryRefund = (tx: Tx, deps: ActDeps, act: Act): Promise<RefundView> =>
  carryOut(tx, deps, act, async refund => {
    judge(refund);
    for (const leg of unmovedLegs(refund)) {
      const set = { attempts_set_aside: await countAttempts(tx, leg.id) };
      await tx.updateTable('legs').set(set).where('id', '=', leg.id).execute();
    }
    const asked = refund.status === 'requires_address' || refund.waiting?.reason === 'attempts_exhausted';
    if (asked) {
      const to = refund.status === 'processing' ? 'processing' : 'pending';
      await moveRefund(tx, deps, refund, act.actor, { to, waiting: waitFor('not_yet_sent', deps.clock.now(), refund.waiting) });
    }
    return 'wake';
  });

function judge(refund: HeldRefund): void {
  const conflict = (detail: string) =>
    refuse('refund_state_conflict', {
      detail,
      members: { refund_id: refund.id, refund_status: refund.status, waiting_reason: refund.waiting?.reason ?? null },
    });
  if (REFUND_TERMINAL.has(refund.status)) conflict(`The refund is ${refund.status}.`);
  if (refund.status === 'requires_approval' || refund.status === 'requires_signature') {
    conflict(`The refund waits for ${refund.waiting?.reason ?? 'a person'}; a retry gives none.`);
  }
  if (refund.status === 'requires_address' && refund.destination_account === null) {
    conflict('No destination is known: give one with `PATCH /v1/refunds/{id}`.');
  }
}
