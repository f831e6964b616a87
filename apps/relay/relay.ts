import type { Client } from '@temporalio/client';
import { OUTBOX_CHANNEL } from '#libs/outbox/lines';
import type { Parts } from '#libs/parts';
import { startWorkflow, wakeWorkflow } from '#workflows/client/start';
import { type ClaimedLine, claimLines, finishLine, postponeLine } from './claim.ts';

/** Lines in flight at once; a start costs Temporal some milliseconds. */
const AT_ONCE = 16;
const LEASE_MS = 15_000;
const CALL_TIMEOUT_MS = 10_000;

/** Carries what was committed out of the database, until it is told to stop. */
export class Relay {
  readonly #parts: Parts;
  readonly #client: Client;
  readonly #busy = new Set<Promise<void>>();
  #stopped = false;
  #heard = false;
  #wakeUp: () => void = () => {};

  constructor(parts: Parts, client: Client) {
    this.#parts = parts;
    this.#client = client;
  }

  /** Waits on NOTIFY, and looks every `EBB_PACE_RELAY_MS` and on every reconnect whatever it has heard. */
  async run(): Promise<void> {
    const ear = await this.#parts.db.listen(OUTBOX_CHANNEL, () => this.#ring());
    try {
      while (!this.#stopped) {
        const full = await this.#look();
        if (!full && !this.#stopped) await this.#rest();
      }
      await Promise.all(this.#busy);
    } finally {
      await ear.close();
    }
  }

  stop(): void {
    this.#stopped = true;
    this.#ring();
  }

  /** Takes up as many lines as there is room for; true when there may be more at once. */
  async #look(): Promise<boolean> {
    const room = AT_ONCE - this.#busy.size;
    if (room <= 0) {
      await Promise.race(this.#busy);
      return true;
    }
    try {
      const lines = await claimLines(this.#parts, room, LEASE_MS);
      for (const line of lines) this.#take(line);
      return lines.length === room;
    } catch (error) {
      this.#parts.log.warn({ err: error }, 'the outbox cannot be read');
      return false;
    }
  }

  #take(line: ClaimedLine): void {
    const work = this.#carry(line).finally(() => this.#busy.delete(work));
    this.#busy.add(work);
  }

  async #carry(line: ClaimedLine): Promise<void> {
    const { log, steps } = this.#parts;
    const about = { line: line.id, workflow_id: line.workflowId, attempts: line.attempts };
    try {
      const call = line.kind === 'start' ? startWorkflow : wakeWorkflow;
      const step = line.kind === 'start' ? 'relay.start' : 'relay.wake';
      await steps(step, () => this.#client.withDeadline(Date.now() + CALL_TIMEOUT_MS, () => call(this.#client, line)));
      await finishLine(this.#parts, line);
      log.info(about, `${line.kind} carried out`);
    } catch (error) {
      log.warn({ ...about, err: error }, `${line.kind} failed`);
      await postponeLine(this.#parts, line, error instanceof Error ? error.message : String(error)).catch(lost =>
        // Its lease runs out by itself.
        log.warn({ ...about, err: lost }, 'the line could not be put back'),
      );
    }
  }

  #ring(): void {
    this.#heard = true;
    this.#wakeUp();
  }

  /** Until something is heard, or `EBB_PACE_RELAY_MS`; not at all where something was heard during the last look. */
  async #rest(): Promise<void> {
    if (!this.#heard) {
      await new Promise<void>(resolve => {
        const timer = setTimeout(resolve, this.#parts.config.EBB_PACE_RELAY_MS);
        this.#wakeUp = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    this.#heard = false;
  }
}
