import { ChainUnavailable } from '#libs/chain/chain';
import { chainOf, type Parts } from '#libs/parts';
import type { PayOutcome } from '#libs/states/outcomes';
import { isOver } from '#libs/states/waiting';
import { liveAttempt } from '#libs/transfers/attempts';
import { type FollowSteps, follow, type Watch } from '#libs/transfers/follow';
import { expireRefund } from './expire.ts';
import { reverseLeg } from './reverse.ts';
import { signLeg } from './sign.ts';
import { type LegRef, readLeg, takeLeg, waitingOutcome } from './take.ts';
import { type DeadAttempt, waitLeg } from './wait.ts';

const STEPS: FollowSteps = { send: 'refund.send', status: 'refund.status', landed: 'refund.landed', prove: 'refund.prove' };
/** Attempts that one call may see die before it hands back; the next call goes on from what is stored. */
const MAX_TURNS = 5;

/**
 * Carries one leg out: check the destination, simulate, sign and store, send and look until the chain has spoken.
 * Safe to repeat, and to run twice at once: it goes on from the stored attempt, and signs anew only what is proven dead.
 * Returns within `activity_ms` and a few seconds.
 */
export async function payLeg(parts: Parts, ref: LegRef, watch: Watch): Promise<PayOutcome> {
  const taken = await takeLeg(parts, ref, watch);
  if (taken.kind !== 'work') return taken;
  let { leg } = taken;
  let attempt = await liveAttempt(parts.db.read, leg.leg_id);
  // What is in flight is followed, whatever else is waited for.
  if (attempt === null && leg.status.startsWith('requires_') && leg.waiting) {
    return isOver(leg.waiting, parts.clock.now()) ? expireRefund(parts, ref) : waitingOutcome(leg, leg.waiting, null);
  }
  const chain = chainOf(parts, leg.network);
  let dead: DeadAttempt | null = null;
  for (let turn = 0; turn < MAX_TURNS; turn++) {
    try {
      if (attempt === null) {
        watch.beat();
        const signed = await signLeg(parts, ref, leg, dead);
        if (signed.kind === 'outcome') return signed.outcome;
        attempt = signed.attempt;
        dead = null;
        parts.log.info(
          {
            refund_id: leg.refund_id,
            leg_id: leg.leg_id,
            workflow_id: ref.carrier,
            tx_sig: attempt.signature,
            attempt: attempt.number,
          },
          'refund signed and stored',
        );
      }
      const sight = await follow(chain, attempt, STEPS, watch);
      if (sight.kind === 'landed') {
        parts.log.info(
          { refund_id: leg.refund_id, leg_id: leg.leg_id, tx_sig: attempt.signature, slot: String(sight.slot) },
          'refund landed',
        );
        const landed = {
          attempt_id: attempt.id,
          tx_sig: attempt.signature,
          slot: String(sight.slot),
          block_time: sight.blockTime.toISOString(),
          fee_lamports: String(sight.feeLamports),
          rent_lamports: sight.rentLamports === null ? null : String(sight.rentLamports),
        };
        return { kind: 'landed', landed };
      }
      if (sight.kind === 'unknown') return waitLeg(parts, ref, sight.reason, { live: attempt.signature, dead: null });
      parts.log.warn(
        { refund_id: leg.refund_id, leg_id: leg.leg_id, tx_sig: attempt.signature, verdict: sight.verdict },
        'refund attempt is dead',
      );
      dead = { attemptId: attempt.id, verdict: sight.verdict };
      attempt = null;
      if (leg.leg_receipt !== null) {
        // It was confirmed and posted once: first the books, then the next attempt.
        await reverseLeg(parts, ref, dead);
        dead = null;
      }
      // Signing it may have chosen another account of the same owner.
      leg = await readLeg(parts.db.read, leg.leg_id);
    } catch (error) {
      if (!(error instanceof ChainUnavailable)) throw error;
      return waitLeg(parts, ref, 'rpc_unavailable', { live: attempt?.signature ?? null, dead });
    }
  }
  return waitLeg(parts, ref, 'not_yet_sent', { live: null, dead });
}
