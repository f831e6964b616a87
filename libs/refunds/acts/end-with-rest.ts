import type { Clock } from '#libs/clock/clock';
import type { Tx } from '#libs/db/database';
import { stampRefund } from '../finalized.ts';
import { type Actor, type Desk, moveRefund } from '../transition.ts';
import type { HeldRefund } from './act.ts';
import { deadLegs, voidLegs } from './unmoved.ts';

/**
 * Ends a held refund where it stands: what has not moved is given back to the payment, to be refunded anew; what has moved
 * stays moved, and then the refund is `partially_succeeded` whatever it was to be. Refuses with `attempt_live` while anything
 * signed for the rest may still land.
 */
export async function endWithRest(
  tx: Tx,
  desk: Desk & { clock: Clock },
  refund: HeldRefund,
  actor: Actor,
  end: { to: 'canceled' | 'failed'; failure?: { code: string; message: string } },
): Promise<void> {
  await voidLegs(tx, await deadLegs(tx, refund), desk.clock.now());
  const moved = refund.legs.some(leg => leg.status === 'posted');
  await moveRefund(tx, desk, refund, actor, {
    ...end,
    to: moved ? 'partially_succeeded' : end.to,
    waiting: null,
    completed: true,
  });
  // Its last leg may have been final before: then nothing else comes to stamp it.
  if (moved) await stampRefund(tx, desk, refund.id, actor);
}
