import type { Tx } from '#libs/db/database';
import { refuse } from '#libs/problems/refusal';
import { REFUND_TERMINAL } from '#libs/states/refund';
import type { RefundView } from '../view.ts';
import { type Act, type ActDeps, carryOut } from './act.ts';
import { endWithRest } from './end-with-rest.ts';

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
    await endWithRest(tx, deps, refund, act.actor, { to: 'canceled' });
    return 'wake';
  });
