import type { RawAccount } from './account.ts';

type Version = { before: number; account: RawAccount | null };

/**
 * What accounts were before their recent writes, so that a read or a simulation can be answered as of an older slot
 * (confirmed, finalized, or a node that lags).
 */
export class Past {
  readonly #versions = new Map<string, Version[]>();

  /** Remembers the account as it was before the first write of this slot. */
  remember(address: string, slot: number, before: RawAccount | null): void {
    const list = this.#versions.get(address);
    if (!list) this.#versions.set(address, [{ before: slot, account: before }]);
    else if (list.at(-1)?.before !== slot) list.push({ before: slot, account: before });
  }

  /** The account as of the end of a slot; undefined when it has not been written since, so that the live one counts. */
  at(address: string, slot: number): { account: RawAccount | null } | undefined {
    return this.#versions.get(address)?.find(v => v.before > slot);
  }

  /** Addresses written after the slot. */
  writtenAfter(slot: number): string[] {
    return [...this.#versions].filter(([, list]) => (list.at(-1)?.before ?? 0) > slot).map(([address]) => address);
  }

  /** Forgets what only readers of slots before the given one would need. */
  forget(before: number): void {
    for (const [address, list] of this.#versions) {
      const kept = list.filter(v => v.before > before);
      if (kept.length === 0) this.#versions.delete(address);
      else if (kept.length < list.length) this.#versions.set(address, kept);
    }
  }
}
