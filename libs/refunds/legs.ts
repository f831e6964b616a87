import type { Network } from '#libs/money/assets';
import { type Atoms, atoms } from '#libs/money/atoms';
import { refuse } from '#libs/problems/refusal';

/** A refund of more transfers than this is refused: its workflow, its event and its answer name every one of them. */
export const MAX_LEGS = 50;

/** One transfer of a refund, in atoms: what the payment gives, and what of it is kept back. The payer gets the difference. */
export interface LegPart {
  leg: number;
  amount: Atoms;
  fee: Atoms;
}

/** The most a signer of this network moves in one transfer, in atoms; null: no limit. */
export type MaxLeg = (network: Network) => Atoms | null;

/**
 * The transfers of a refund: as few as the signer's limit allows, all but the last as large as it. The limit is on what the
 * chain moves, so a fee never makes more legs; it is divided by what each moves. Sums are exact, and every transfer moves at
 * least one atom. Needs fee < amount. Refuses `too_many_legs`.
 */
export function splitLegs(amount: Atoms, fee: Atoms, max: Atoms | null): LegPart[] {
  const net = amount - fee;
  if (net <= 0n) throw new Error(`nothing is left of ${amount} atoms after a fee of ${fee}`);
  const most = max === null || max > net ? net : max;
  const count = (net + most - 1n) / most;
  if (count > BigInt(MAX_LEGS)) {
    refuse('too_many_legs', {
      detail: `${net} atoms would take ${count} transfers of at most ${most}; a refund has at most ${MAX_LEGS}.`,
      members: { legs: count.toString(), max_legs: MAX_LEGS, max_leg_atomic: most.toString(), amount_atomic: amount.toString() },
      errors: [{ pointer: '/amount_atomic', code: 'too_many_legs', detail: 'too many legs' }],
    });
  }
  const parts: LegPart[] = [];
  for (let leg = 0, moved = 0n, kept = 0n; moved < net; leg++) {
    const step = net - moved < most ? net - moved : most;
    moved += step;
    const part = (fee * moved) / net - kept;
    kept += part;
    parts.push({ leg, amount: atoms(step + part), fee: atoms(part) });
  }
  return parts;
}
