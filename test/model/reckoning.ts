/** One request for money of a payment, as whoever sent it knows it. Times are of one monotonic clock. */
export interface Claim {
  /** Null: all that is left, and not known yet how much that was. */
  amount: bigint | null;
  readonly began: number;
  ended: number | null;
  state: 'open' | 'accepted' | 'refused';
  /** A cancel was asked for, and may have worked. */
  releasing: number;
  /** When a cancel was answered: the money was free before that, but for what had moved. */
  released: number | null;
  kept: bigint;
}

/**
 * The sums of one payment, and nothing else: what was captured, and what has been asked for. With requests side by side
 * nobody outside knows the balance of a moment, but everybody knows its bounds.
 */
export class Reckoning {
  readonly captured: bigint;
  readonly #claims: Claim[] = [];

  constructor(captured: bigint) {
    this.captured = captured;
  }

  begin(amount: bigint | null): Claim {
    const claim: Claim = { amount, began: performance.now(), ended: null, state: 'open', releasing: 0, released: null, kept: 0n };
    this.#claims.push(claim);
    return claim;
  }

  /** Given back or held during all of the time since then. */
  atLeast(since: number): bigint {
    return sum(
      this.#claims.filter(one => one.state === 'accepted' && one.ended !== null && one.ended < since && one.releasing === 0),
      held,
    );
  }

  /** Given back or held at some time since then, at most; `but` left out. */
  atMost(since: number, but: Claim | null = null): bigint {
    const possible = this.#claims.filter(one => one !== but && one.state !== 'refused');
    if (possible.some(one => one.amount === null)) return this.captured;
    const most = sum(possible, one => (one.released !== null && one.released < since ? one.kept : (one.amount ?? 0n)));
    return most < this.captured ? most : this.captured;
  }

  /** Accepted, and what had moved of the canceled: what was given back in the end. */
  get given(): bigint {
    return sum(
      this.#claims.filter(one => one.state === 'accepted'),
      held,
    );
  }

  /** Accepted for certain, no cancel under way: what I1 is about. */
  get held(): bigint {
    return sum(
      this.#claims.filter(one => one.state === 'accepted' && one.releasing === 0),
      held,
    );
  }

  get busy(): boolean {
    return this.#claims.some(one => one.state === 'open' || one.releasing > 0);
  }
}

const held = (claim: Claim): bigint => (claim.released === null ? (claim.amount ?? 0n) : claim.kept);
const sum = (claims: readonly Claim[], of: (claim: Claim) => bigint): bigint =>
  claims.reduce((total, one) => total + of(one), 0n);
