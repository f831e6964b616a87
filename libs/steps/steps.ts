import { appendFileSync } from 'node:fs';
import { STEPS, type Step } from './registry.ts';

/** Runs an effect under its step's name. */
export type Steps = <T>(step: Step, effect: () => Promise<T>) => Promise<T>;

const MOMENTS = ['before', 'after', 'stall'] as const;
interface Fault {
  step: Step;
  moment: (typeof MOMENTS)[number];
  /** The how-manieth time the step is reached. */
  nth: number;
  /** Whether it counts from the start, or only from SIGUSR2 on. */
  armed: boolean;
}

/** In production a step is its effect and nothing else. */
export const quietSteps: Steps = (_step, effect) => effect();

/**
 * For tests: notes each step reached in a file and, where told, dies there by SIGKILL or stands still by SIGSTOP
 * (a zombie that a test wakes with SIGCONT). `fault` is `STEP:before|after|stall[:NTH][@signal]`; with `@signal` the
 * process is a plain one until SIGUSR2, so that it can first recover what the last one left.
 */
export function faultySteps(fault: string | undefined, file: string | undefined): Steps {
  const wanted = fault === undefined ? null : parseFault(fault);
  const noted = new Set<Step>();
  let times = 0;
  const note = (line: string) => {
    if (file !== undefined) appendFileSync(file, `${line}\n`);
  };
  const strike = (moment: Fault['moment']) => {
    note(`!${wanted?.step}:${moment} ${process.pid}`);
    process.kill(process.pid, moment === 'stall' ? 'SIGSTOP' : 'SIGKILL');
  };
  if (wanted && !wanted.armed) {
    process.once('SIGUSR2', () => {
      wanted.armed = true;
      note(`?armed ${process.pid}`);
    });
  }
  return async (step, effect) => {
    if (!noted.has(step)) {
      noted.add(step);
      note(step);
    }
    const struck = wanted?.armed && wanted.step === step && ++times === wanted.nth ? wanted.moment : null;
    if (struck === 'before' || struck === 'stall') {
      strike(struck);
      // SIGKILL is not answered within the call: nothing after this line may have an effect.
      if (struck === 'before') await new Promise(() => setInterval(() => {}, 1_000));
    }
    const result = await effect();
    if (struck === 'after') {
      strike(struck);
      await new Promise(() => setInterval(() => {}, 1_000));
    }
    return result;
  };
}

/** The steps of this process, as its settings say. */
export function openSteps(config: {
  EBB_STEP_FAULT?: string | undefined;
  EBB_STEP_FILE?: string | undefined;
  EBB_ENV: string;
}): Steps {
  if (config.EBB_STEP_FAULT === undefined && config.EBB_STEP_FILE === undefined) return quietSteps;
  if (config.EBB_ENV === 'production') throw new Error('step faults are for tests, not for production');
  return faultySteps(config.EBB_STEP_FAULT, config.EBB_STEP_FILE);
}

function parseFault(text: string): Fault {
  const [where = '', when] = text.split('@');
  const [step = '', moment, nth = '1'] = where.split(':');
  if (!isStep(step)) throw new Error(`no step named ${step}`);
  const known = MOMENTS.find(one => one === moment);
  if (known === undefined) throw new Error(`no moment ${moment} of a step`);
  if (!/^[1-9]\d*$/.test(nth)) throw new Error(`${nth} is not how often a step is reached`);
  if (when !== undefined && when !== 'signal') throw new Error(`a fault cannot wait for ${when}`);
  return { step, moment: known, nth: Number(nth), armed: when === undefined };
}

const isStep = (name: string): name is Step => Object.hasOwn(STEPS, name);
