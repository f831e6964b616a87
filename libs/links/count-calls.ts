import { sql } from 'kysely';
import type { Clock } from '#libs/clock/clock';
import type { Database } from '#libs/db/database';

/**
 * Counts calls of links in memory and writes them now and then: an unpaid request writes no row. A process that dies loses
 * the calls of its last seconds, and nothing else is counted here.
 */
export class CallCounter {
  readonly #clock: Clock;
  #calls = new Map<string, { n: number; at: Date }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Notes one call of a link, by its internal id. */
  count(linkId: string): void {
    this.#calls.set(linkId, { n: (this.#calls.get(linkId)?.n ?? 0) + 1, at: this.#clock.now() });
  }

  /** Writes what was counted; what cannot be written is kept for the next time. */
  async flush(db: Database): Promise<void> {
    const calls = this.#calls;
    if (calls.size === 0) return;
    this.#calls = new Map();
    // In one order for all processes, so that two flushes cannot lock each other out.
    const rows = [...calls].sort(([a], [b]) => (a < b ? -1 : 1));
    try {
      await db.tx('api.link.count', async tx => {
        for (const [linkId, { n, at }] of rows) {
          await tx
            .updateTable('link_counters')
            .set({
              call_count: sql`call_count + ${n}::bigint`,
              last_called_at: sql`greatest(last_called_at, ${at}::timestamptz)`,
            })
            .where('link_id', '=', linkId)
            .execute();
        }
      });
    } catch (error) {
      for (const [linkId, { n, at }] of rows) {
        const since = this.#calls.get(linkId);
        this.#calls.set(linkId, { n: n + (since?.n ?? 0), at: since?.at ?? at });
      }
      throw error;
    }
  }
}
