import type { NewLine } from '#libs/outbox/lines';
import type { Parts } from '#libs/parts';

/** What the API stands on: what every process starts from, and its way to have a settlement begin at once. */
export interface ApiParts extends Parts {
  /** Starts a claimed payment's carrier and waits for its end, or this long; the row says what became of it. Never throws. */
  settle(line: NewLine, within_ms: number): Promise<void>;
}

/** The injection token under which controllers get the parts. */
export const PARTS = Symbol('parts');
