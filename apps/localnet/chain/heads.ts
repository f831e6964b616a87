import type { Slots } from './slots.ts';

export const COMMITMENTS = ['processed', 'confirmed', 'finalized'] as const;
export type Commitment = (typeof COMMITMENTS)[number];

/** Where someone looks: the state after a slot, at a level of commitment. */
export type Moment = { slot: number; level: Commitment };

/** Blocks between the newest confirmed block and the newest finalized one, as on a cluster. */
export const FINALITY_BLOCKS = 31;

/**
 * Where the chain stands. Transactions go into `open`; when that block is made it becomes `processed`, half a slot
 * later `confirmed`, and 31 blocks later `finalized`. With instant confirmation the open block is seen as it fills.
 */
export class Heads {
  readonly #slots: Slots;
  readonly #instant: boolean;
  #open: number;
  #confirmed: number;

  constructor(slots: Slots, open: number, instant: boolean) {
    this.#slots = slots;
    this.#open = open;
    this.#instant = instant;
    this.#confirmed = slots.blockAtOrBefore(open - 1);
  }

  get open(): number {
    return this.#open;
  }

  at(commitment: Commitment): number {
    const confirmed = this.#instant ? this.#open : this.#confirmed;
    if (commitment === 'processed') return this.#instant ? this.#open : this.#slots.blockAtOrBefore(this.#open - 1);
    if (commitment === 'confirmed') return confirmed;
    return this.#slots.slotAt(Math.max(0, this.#slots.height(confirmed) - FINALITY_BLOCKS));
  }

  /** Moves the open block; everything before it is processed. */
  openSlot(slot: number): void {
    this.#open = slot;
  }

  /** Confirms whatever is processed. */
  confirm(): void {
    this.#confirmed = this.#slots.blockAtOrBefore(this.#open - 1);
  }
}
