import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Part } from '#apps/dev/part';
import type { Stack } from '#apps/dev/stack';
import type { PartName } from '#apps/dev/stack-options';
import type { Step } from '#libs/steps/registry';
import { eventually } from './eventually.ts';

/** Where a process is to die: beside an effect, before or after it. */
export interface Kill {
  step: Step;
  moment: 'before' | 'after';
  /** The how-manieth time the step is reached; the first when left out. */
  nth?: number;
}

/** Every step, before and after it. */
export const bothSides = (...steps: Step[]): Kill[] =>
  steps.flatMap(step => [
    { step, moment: 'before' as const },
    { step, moment: 'after' as const },
  ]);

/** `before "refund.send"`, for the names of tests. */
export const told = ({ step, moment, nth }: Kill): string => `${moment} ${nth === 2 ? 'the second ' : ''}"${step}"`;

const DEATH_WITHIN_MS = 30_000;

/**
 * A part that dies at one named step after the other. A start costs seconds, so the process that recovers what the last
 * one left is already the one that will die next: it is a plain one until `doom` says that its time has come.
 */
export class Victim {
  readonly #stack: Stack;
  readonly #name: PartName;
  readonly #kills: readonly Kill[];
  /** The fault that its process was started with. */
  #fault: string | null = null;

  /** `kills`: what it will die of, in order. */
  constructor(stack: Stack, name: PartName, kills: readonly Kill[]) {
    this.#stack = stack;
    this.#name = name;
    this.#kills = kills;
  }

  get part(): Part {
    return this.#stack.part(this.#name);
  }

  /** From now on it dies there. */
  async doom(kill: Kill): Promise<void> {
    if (this.#fault !== faultOf(kill) || !this.part.running) {
      if (this.part.running) await this.part.kill();
      await this.#start(kill);
    }
    const { pid } = this.part;
    void this.part.kill('SIGUSR2');
    await eventually(`${this.#name} is armed`, async () => stepLines(this.#stack).includes(`?armed ${pid}`));
  }

  /** Starts it only to die there: on its own, without being asked for anything. */
  async doomAtStart(kill: Kill): Promise<void> {
    if (this.part.running) await this.part.kill();
    this.#fault = null;
    await this.part.launch({ EBB_STEP_FILE: stepFile(this.#stack), EBB_STEP_FAULT: faultOf(kill) });
  }

  /** Waits for its death. Throws unless it died at that step, by SIGKILL. */
  async died(kill: Kill): Promise<void> {
    const { pid, exited } = this.part;
    const late = new Promise<never>((_, reject) => {
      const timer = setTimeout(() => reject(new Error(`not killed ${told(kill)}:\n${this.part.logs(20)}`)), DEATH_WITHIN_MS);
      void exited.then(() => clearTimeout(timer));
    });
    const { signal, code } = await Promise.race([exited, late]);
    const struck = stepLines(this.#stack).includes(`!${kill.step}:${kill.moment} ${pid}`);
    if (signal !== 'SIGKILL' || !struck) {
      throw new Error(
        `${this.#name} ended by ${signal ?? code}, ${struck ? '' : 'not '}at ${told(kill)}:\n${this.part.logs(20)}`,
      );
    }
  }

  /** Starts it again after this death, plain for now. */
  revive(kill: Kill): Promise<void> {
    return this.#start(this.#kills[this.#kills.indexOf(kill) + 1] ?? null);
  }

  async #start(next: Kill | null): Promise<void> {
    this.#fault = next && faultOf(next);
    await this.part.start({
      EBB_STEP_FILE: stepFile(this.#stack),
      ...(this.#fault && { EBB_STEP_FAULT: `${this.#fault}@signal` }),
    });
  }
}

/** Where the stack's processes note the steps they reach: one file for a whole test run, or the stack's own. */
export const stepFile = (stack: Stack): string => stack.env.EBB_STEP_FILE ?? join(stack.directory, 'steps');

export function stepLines(stack: Stack): string[] {
  const file = stepFile(stack);
  return existsSync(file) ? readFileSync(file, 'utf8').split('\n') : [];
}

const faultOf = ({ step, moment, nth = 1 }: Kill): string => `${step}:${moment}:${nth}`;
