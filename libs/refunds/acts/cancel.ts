import type { Tx } from '#libs/db/database';
import { refuse } from '#libs/problems/refusal';
import { REFUND_TERMINAL } from '#libs/states/refund';
import { moveRefund } from '../transition.ts';
import type { RefundView } from '../view.ts';
import { type Act, type ActDeps, carryOut } from './act.ts';
import { deadLegs, voidLegs } from './unmoved.ts';

/**
 * Ends a refund whose money has not moved, and gives the reservation back, at once. What has moved of it stays moved: then
 * it is `partially_succeeded`. Refuses with `refund_not_cancelable` at its end, and with `attempt_live` while anything
 * signed for it may still land.
 */
export const cancelRefund = (tx: Tx, deps: ActDeps, act: Act): Promise<RefundView> =>
  carryOut(tx, deps, act, async refund => {
    if (REFUND_TERMINAL.has(refund.status)) {
      refuse('refund_not_cancelable', {
        detail: `The refund is ${refund.status}.`,
        members: { refund_id: refund.id, refund_status: refund.status },
      });
    }
    const legs = await deadLegs(tx, refund);
    await voidLegs(tx, legs, deps.clock.now());
    const to = refund.legs.some(leg => leg.status === 'posted') ? 'partially_succeeded' : 'canceled';
    await moveRefund(tx, deps, refund, act.actor, { to, waiting: null, completed: true });
    return 'wake';
  });
