import type { TransactionError } from './errors.ts';
import type { WireTransaction } from './wire.ts';

type Waiting = { tx: WireTransaction; retriesLeft: number; nextSlot: number };
export type LandResult = { kind: 'landed' } | { kind: 'dropped'; reason: TransactionError };

/** A node sends what was not taken again every two seconds, that is every five slots, until its blockhash is too old. */
const RETRY_SLOTS = 5;
const MAX_WAITING = 10_000;
/** Reasons that may pass; a transaction refused for any other would be refused for ever. */
const MAY_PASS = new Set<unknown>(['AccountNotFound', 'InsufficientFundsForFee']);

/**
 * Transactions on their way to the leader. One that is sent in the last moment of a slot makes it only into the next;
 * one that the leader would not take is sent again by its node, unless the sender asked for no retries.
 */
export class Inbox {
  readonly #land: (tx: WireTransaction) => LandResult;
  #late: WireTransaction[] = [];
  #retries: Waiting[] = [];

  constructor(land: (tx: WireTransaction) => LandResult) {
    this.#land = land;
  }

  /** Takes a transaction; `late` when the slot is about to end. */
  take(tx: WireTransaction, options: { late: boolean; maxRetries: number; slot: number }): void {
    if (options.late && this.#late.length < MAX_WAITING) {
      this.#late.push(tx);
      return;
    }
    const result = this.#land(tx);
    if (
      result.kind === 'landed' ||
      !MAY_PASS.has(result.reason) ||
      options.maxRetries === 0 ||
      this.#retries.length >= MAX_WAITING
    )
      return;
    this.#retries.push({ tx, retriesLeft: options.maxRetries, nextSlot: options.slot + RETRY_SLOTS });
  }

  /** A new slot is open: what waited for it goes in. */
  open(slot: number): void {
    for (const tx of this.#late.splice(0)) this.#land(tx);
    if (this.#retries.every(w => w.nextSlot > slot)) return;
    this.#retries = this.#retries.filter(waiting => {
      if (waiting.nextSlot > slot) return true;
      const result = this.#land(waiting.tx);
      waiting.retriesLeft -= 1;
      waiting.nextSlot = slot + RETRY_SLOTS;
      return result.kind === 'dropped' && MAY_PASS.has(result.reason) && waiting.retriesLeft > 0;
    });
  }
}
