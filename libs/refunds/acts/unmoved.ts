import type { Tx } from '#libs/db/database';
import { voidPending } from '#libs/ledger/resolve';
import { refuse } from '#libs/problems/refusal';
import type { HeldLeg, HeldRefund } from './act.ts';

/** Legs whose money has not moved, as far as the books know; what is signed for them may still move it. */
export const unmovedLegs = (refund: HeldRefund): HeldLeg[] =>
  refund.legs.filter(leg => leg.status !== 'posted' && leg.status !== 'voided');

/**
 * The unmoved legs, every attempt of which is proven dead: only they may be voided, sent elsewhere or resolved otherwise.
 * Refuses with `attempt_live` and the signatures that may still land. The legs are locked, so nothing new is signed.
 */
export async function deadLegs(tx: Tx, refund: HeldRefund): Promise<HeldLeg[]> {
  const live = await mayLand(tx, refund);
  if (live.length > 0) {
    const attempts = live.map(one => ({
      signature: one.signature,
      last_valid_block_height: String(one.last_valid_block_height),
    }));
    refuse('attempt_live', { members: { refund_id: refund.id, attempts } });
  }
  return unmovedLegs(refund);
}

/** What is signed for the unmoved legs and not proven dead. The legs are locked, so nothing new is signed. */
export async function mayLand(tx: Tx, refund: HeldRefund) {
  const legs = unmovedLegs(refund);
  if (legs.length === 0) return [];
  return tx
    .selectFrom('attempt_legs')
    .innerJoin('attempts', 'attempts.id', 'attempt_legs.attempt_id')
    .select(['attempts.signature', 'attempts.last_valid_block_height'])
    .where(
      'leg_id',
      'in',
      legs.map(leg => leg.id),
    )
    .where('dead', '=', false)
    .execute();
}

/** Gives the reserved money of legs back to be refunded anew: proven not to have moved. */
export async function voidLegs(tx: Tx, legs: readonly HeldLeg[], now: Date): Promise<void> {
  for (const leg of legs) {
    await voidPending(tx, { id: `${leg.id}:void`, pendingId: leg.reservation_id, occurredAt: now });
    await tx.updateTable('legs').set({ status: 'voided' }).where('id', '=', leg.id).execute();
  }
}
