import type { Store } from './store.ts';

const NOTE_EVERY_SLOTS = 16;

/** When blocks were made. Times stand in the store for blocks with transactions and now and then; the rest follows from the slot's length. */
export class Calendar {
  readonly #store: Store;
  readonly #slotMs: number;
  /** Seconds by which the chain's clock is off from this machine's. */
  #offset_s: number;
  #openTime_s = 0;

  constructor(store: Store, slotMs: number) {
    this.#store = store;
    this.#slotMs = slotMs;
    this.#offset_s = Number(store.meta('clock_offset_s') ?? '0');
  }

  /** The time of the open block, in seconds since 1970. */
  get openTime_s(): number {
    return this.#openTime_s;
  }

  open(slot: number, note = false): void {
    this.#openTime_s = Math.floor(Date.now() / 1_000) + this.#offset_s;
    if (note || slot % NOTE_EVERY_SLOTS === 0 || !this.#store.timeBefore(slot)) this.#store.noteTime(slot, this.#openTime_s);
  }

  setOffset(seconds: number): void {
    this.#offset_s = seconds;
    this.#store.setMeta('clock_offset_s', String(seconds));
  }

  /** The time of any block up to the open one, in seconds since 1970. */
  timeOf_s(slot: number): number {
    const noted = this.#store.timeBefore(slot);
    return noted ? noted.time + Math.floor(((slot - noted.slot) * this.#slotMs) / 1_000) : this.#openTime_s;
  }
}
