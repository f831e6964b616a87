import type { RawAccount } from './account.ts';
import { COMMITMENTS, type Moment } from './heads.ts';
import type { StoredTransaction } from './store.ts';

/**
 * A transaction in a block that the cluster will abandon. It is seen up to a level of commitment, and when the open
 * slot passes `until` it was never there.
 */
export type Phantom = {
  stored: StoredTransaction;
  level: 'processed' | 'confirmed';
  until: number;
  accounts: Map<string, RawAccount | null>;
  /** What happens when it is gone. */
  onGone(): void;
};

/** The blocks that will be abandoned, and what their transactions seem to have done. */
export class Forks {
  #phantoms: Phantom[] = [];

  add(phantom: Phantom): void {
    this.#phantoms.push(phantom);
  }

  /** Drops what the cluster abandons now that this slot is open. */
  open(slot: number): void {
    const gone = this.#phantoms.filter(p => slot > p.until);
    if (gone.length === 0) return;
    this.#phantoms = this.#phantoms.filter(p => slot <= p.until);
    for (const phantom of gone) phantom.onGone();
  }

  /** The phantom of a signature, whoever asks. */
  transaction(signature: string): Phantom | undefined {
    return this.#phantoms.find(p => p.stored.record.signature === signature);
  }

  /** An account as an abandoned block left it, for those who look at that block; the newest counts. */
  account(address: string, at: Moment): { account: RawAccount | null; slot: number } | undefined {
    const phantom = this.#phantoms.findLast(p => p.accounts.has(address) && isSeen(p, at));
    return phantom && { account: phantom.accounts.get(address) ?? null, slot: phantom.stored.record.slot };
  }

  /** Phantoms that name the address, as seen at a moment, newest first. */
  namedBy(address: string, at: Moment): Phantom[] {
    return this.#phantoms.filter(p => p.accounts.has(address) && isSeen(p, at)).reverse();
  }
}

/** Whether someone who looks at this moment looks at the phantom's block. */
export const isSeen = (phantom: Phantom, at: Moment): boolean =>
  at.slot >= phantom.stored.record.slot && COMMITMENTS.indexOf(at.level) <= COMMITMENTS.indexOf(phantom.level);
