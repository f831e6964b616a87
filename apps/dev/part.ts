import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ChildSpec } from './keeper-protocol.ts';
import type { Exit, Keeper, KeptChild } from './kept.ts';
import type { PartName } from './stack-options.ts';

/** How one part of the stack is run. */
export interface PartPlan {
  /** What to run, made anew for each start. `env` is what this start alone adds. */
  child(env: Record<string, string>): Promise<ChildSpec>;
  /** Resolves when the part can be used, with what it said of itself. */
  ready(child: KeptChild, timeoutMs: number): Promise<Record<string, unknown>>;
  /** Whether a start that ended early is worth another try at once; `log` is what it wrote. */
  retry?(log: string): boolean;
}

const READY_TIMEOUT_MS = 60_000;
const TRIES = 20;

/** One process of the stack, which can be killed and started again alone; its ports and data stay the same. */
export class Part {
  readonly name: PartName;
  readonly log: string;
  /** What it said when it became ready: an app's JSON line. */
  said: Record<string, unknown> = {};
  /** How long its last start took until it was ready. */
  startMs = 0;
  readonly #keeper: Keeper;
  readonly #plan: PartPlan;
  #child: KeptChild | null = null;

  constructor(name: PartName, log: string, keeper: Keeper, plan: PartPlan) {
    this.name = name;
    this.log = log;
    this.#keeper = keeper;
    this.#plan = plan;
  }

  get running(): boolean {
    return this.#child !== null && this.#child.exit === null;
  }

  /** The process's own id (not a wrapper's), of the last start. */
  get pid(): number {
    return this.#latest().pid;
  }

  /** How the process of the last start ended, once it has. */
  get exited(): Promise<Exit> {
    return this.#latest().exited;
  }

  /**
   * Starts it and waits until it can be used.
   *
   * @param env settings for this one start, such as a step to die at.
   * @throws when it ends or stays silent instead; the message holds the last lines of its log.
   */
  async start(env: Record<string, string> = {}): Promise<void> {
    if (this.running) throw new Error(`${this.name} runs already`);
    const began = performance.now();
    for (let tries = 1; ; tries++) {
      const fault = await this.#try(env);
      if (fault === null) break;
      if (tries === TRIES || !this.#plan.retry?.(this.logs(20))) throw this.#error(fault);
      await sleep(100);
    }
    this.startMs = Math.round(performance.now() - began);
  }

  /** Starts it without waiting: for a start that is meant to die. */
  async launch(env: Record<string, string> = {}): Promise<void> {
    if (this.running) throw new Error(`${this.name} runs already`);
    this.#child = await this.#keeper.run(await this.#plan.child(env));
  }

  /** Ends it in good order; by force when it takes longer than its grace. */
  stop(): Promise<Exit> {
    return this.#latest().stop();
  }

  /** Sends a signal to exactly this process. The promise tells how it ended, so do not wait for it after a SIGSTOP. */
  kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<Exit> {
    const child = this.#latest();
    child.signal(signal);
    return child.exited;
  }

  /** The last lines of its log, over all its starts. */
  logs(lines = 50): string {
    return lastLines(this.log, lines);
  }

  async #try(env: Record<string, string>): Promise<string | null> {
    await this.launch(env);
    const child = this.#latest();
    const ended = child.exited.then(exit => {
      throw new Error(`ended with ${exit.signal ?? `code ${exit.code}`} before it was ready`);
    });
    try {
      this.said = await Promise.race([this.#plan.ready(child, READY_TIMEOUT_MS), ended]);
      return null;
    } catch (error) {
      if (child.exit === null) await child.stop();
      return error instanceof Error ? error.message : String(error);
    }
  }

  #latest(): KeptChild {
    if (!this.#child) throw new Error(`${this.name} was never started`);
    return this.#child;
  }

  #error(fault: string): Error {
    return new Error(`${this.name}: ${fault}\n--- the end of ${this.log}:\n${this.logs(30)}`);
  }
}

/** The end of a log; empty when there is none. */
export function lastLines(log: string, lines: number): string {
  try {
    return readFileSync(log, 'utf8').trimEnd().split('\n').slice(-lines).join('\n');
  } catch {
    return '';
  }
}
