import { createHash } from 'node:crypto';
import { base58 } from './base58.ts';

/** A run of slots in which no block was made; both ends inclusive. */
export type Skipped = { from: number; to: number };

/** How many blocks a blockhash may be behind the block it lands in, on every Solana cluster. */
export const MAX_PROCESSING_AGE = 150;

/**
 * Which slots have a block, and which hash it has. Slots and block heights differ, as they do on a real network, so
 * that whoever mistakes one for the other finds out here. Pure: time is not its business.
 */
export class Slots {
  readonly #seed: string;
  readonly #skipped: Skipped[];
  readonly #hashes = new Map<number, string>();
  readonly #heights = new Map<string, number>();

  constructor(seed: string, skipped: Skipped[]) {
    this.#seed = seed;
    this.#skipped = [...skipped].sort((a, b) => a.from - b.from);
  }

  get skipped(): readonly Skipped[] {
    return this.#skipped;
  }

  skip(range: Skipped): void {
    this.#skipped.push(range);
  }

  hasBlock(slot: number): boolean {
    return slot >= 0 && !this.#skipped.some(r => slot >= r.from && slot <= r.to);
  }

  /** Block height at a slot: the number of blocks before it. */
  height(slot: number): number {
    return this.#skipped.reduce((h, r) => h - Math.max(0, Math.min(slot, r.to) - r.from + 1), slot);
  }

  /** The slot of the block at a height. */
  slotAt(height: number): number {
    let slot = height;
    for (const r of this.#skipped) if (r.from <= slot) slot += r.to - r.from + 1;
    return slot;
  }

  /** The nearest slot at or before the one given that has a block. */
  blockAtOrBefore(slot: number): number {
    let at = Math.max(0, slot);
    for (let r = this.#skipped.find(s => at >= s.from && at <= s.to); r; r = this.#skipped.find(s => at >= s.from && at <= s.to))
      at = r.from - 1;
    return at;
  }

  /** Slots with a block from first to last, at most `limit` of them. */
  blocks(first: number, last: number, limit: number): number[] {
    const found: number[] = [];
    for (let slot = first; slot <= last && found.length < limit; slot++) {
      const gap = this.#skipped.find(r => slot >= r.from && slot <= r.to);
      if (gap) slot = gap.to;
      else found.push(slot);
    }
    return found;
  }

  /** The hash of the block at a height. Known for as long as anyone may still use it. */
  hash(height: number): string {
    const known = this.#hashes.get(height);
    if (known) return known;
    const hash = base58(createHash('sha256').update(`${this.#seed}:${height}`).digest());
    this.#hashes.set(height, hash);
    this.#heights.set(hash, height);
    this.#forgetOld();
    return hash;
  }

  /** The height whose hash this is, looking back from `newest` over the blocks that still count; undefined when none. */
  heightOf(hash: string, newest: number, age = MAX_PROCESSING_AGE): number | undefined {
    // After a restart the hashes that are known have holes below them.
    for (let h = newest; h >= Math.max(0, newest - age) && !this.#heights.has(hash); h--) this.hash(h);
    return this.#heights.get(hash);
  }

  #forgetOld(): void {
    if (this.#hashes.size <= 2_000) return;
    for (const [height, hash] of [...this.#hashes].slice(0, 1_000)) {
      this.#hashes.delete(height);
      this.#heights.delete(hash);
    }
  }
}
