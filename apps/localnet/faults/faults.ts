import type { FaultBody } from './schema.ts';

/** A fault that is set. `left` counts the calls it will still meet; null when it stays until cleared. */
export type Fault = FaultBody & { id: number; left: number | null };

/** What a call is about, so that faults can be aimed. */
export type Aim = { method: string; node: 'main' | 'lagging'; signatures: string[]; accounts: string[] };

/** The faults that are set. A fault with `times` ends after so many calls it met; without, when it is cleared. */
export class Faults {
  #faults: Fault[] = [];
  #next = 1;
  /** How many calls each fault met, by its id, ended ones too: a test's proof that its fault was real. */
  readonly met = new Map<number, number>();

  add(fault: FaultBody): Fault {
    const added = { ...fault, id: this.#next++, left: fault.times ?? null };
    this.#faults.push(added);
    this.met.set(added.id, 0);
    return added;
  }

  list(): readonly Fault[] {
    return this.#faults;
  }

  clear(id?: number): void {
    this.#faults = id === undefined ? [] : this.#faults.filter(fault => fault.id !== id);
  }

  get any(): boolean {
    return this.#faults.length > 0;
  }

  /** The faults that meet a call; each is counted as used once. */
  take(aim: Aim): Fault[] {
    const hit = this.#faults.filter(fault => meets(fault, aim));
    for (const fault of hit) {
      this.met.set(fault.id, (this.met.get(fault.id) ?? 0) + 1);
      if (fault.left !== null) fault.left -= 1;
    }
    this.#faults = this.#faults.filter(fault => fault.left === null || fault.left > 0);
    return hit;
  }
}

const meets = (fault: Fault, aim: Aim): boolean =>
  (fault.method === undefined || fault.method === aim.method) &&
  (fault.node === undefined || fault.node === aim.node) &&
  (fault.signature === undefined || aim.signatures.includes(fault.signature)) &&
  (fault.account === undefined || aim.accounts.includes(fault.account));
