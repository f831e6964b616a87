import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Stack } from '#apps/dev/stack';
import type { Command } from './command.ts';

interface Entry {
  n: number;
  from_ms: number;
  to_ms: number | null;
  command: Command;
  outcome: string | null;
}

/** What was done and what came of it, in order: kept where a run ends with a violation. */
export class Journal {
  readonly #entries: Entry[] = [];
  readonly #seed: number;

  constructor(seed: number) {
    this.#seed = seed;
  }

  begin(command: Command): number {
    const n = this.#entries.length;
    this.#entries.push({ n, from_ms: Math.round(performance.now()), to_ms: null, command, outcome: null });
    return n;
  }

  end_of(n: number, outcome: string): void {
    const entry = this.#entries[n];
    if (entry) Object.assign(entry, { to_ms: Math.round(performance.now()), outcome });
  }

  /** The last of it, for people. */
  end(): string {
    return this.#entries
      .slice(-12)
      .map(one => JSON.stringify(one).slice(0, 300))
      .join('\n');
  }

  /** Saves all of it, and the logs of the processes, which end with their stack. */
  keep(stack: Stack, fault: unknown): void {
    const folder = join(tmpdir(), `ebb-model-${this.#seed}`);
    mkdirSync(folder, { recursive: true });
    cpSync(join(stack.directory, 'logs'), join(folder, 'logs'), { recursive: true });
    const lines = this.#entries.map(one => JSON.stringify(one));
    writeFileSync(join(folder, 'journal.jsonl'), `${lines.join('\n')}\n`);
    writeFileSync(join(folder, 'fault.txt'), `${fault instanceof Error ? fault.stack : fault}\n`);
    process.stderr.write(`the journal of the run and the logs of its processes are in ${folder}\n`);
  }
}
