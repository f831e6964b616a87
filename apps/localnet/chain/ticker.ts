/** Calls `freeze` at every slot's end and `confirm` half a slot after it; catches up after a stall. Never keeps a process alive. */
export class Ticker {
  readonly #slotMs: number;
  readonly #on: { freeze(): void; confirm(): void };
  #halves = 0;
  #began = 0;
  #timer: NodeJS.Timeout | null = null;

  constructor(slotMs: number, on: { freeze(): void; confirm(): void }) {
    this.#slotMs = slotMs;
    this.#on = on;
  }

  start(): void {
    this.#began = performance.now();
    this.#halves = 0;
    this.#next();
  }

  stop(): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
  }

  /** How long until the open slot ends. */
  untilFreeze_ms(): number {
    const freezes = Math.floor(this.#halves / 2);
    return this.#began + (freezes + 1) * this.#slotMs - performance.now();
  }

  #next(): void {
    const due = this.#began + ((this.#halves + 1) * this.#slotMs) / 2;
    this.#timer = setTimeout(() => this.#fire(), Math.max(1, due - performance.now()));
  }

  #fire(): void {
    const due = Math.floor(((performance.now() - this.#began) * 2) / this.#slotMs);
    while (this.#halves < due) {
      this.#halves++;
      if (this.#halves % 2 === 0) this.#on.freeze();
      else this.#on.confirm();
    }
    this.#next();
  }
}
