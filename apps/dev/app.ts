import { machineEnvironment } from '#libs/config/given';
import type { ChildSpec } from './keeper-protocol.ts';
import type { KeptChild } from './kept.ts';
import type { PartPlan } from './part.ts';
import { built, projectRoot } from './project.ts';

export interface AppRun {
  /** `apps/api/main.js`, in the built form. */
  program: string;
  args?: string[];
  env: Record<string, string>;
  log: string;
  /** Which of its JSON lines says that it is ready; by default the one with `ready: true`. */
  isReady?: (said: Record<string, unknown>) => boolean;
}

/** One of our own programs: settings by environment, log on standard error, one JSON line on standard output when ready. */
export function appPlan(run: AppRun): PartPlan {
  return {
    child: async env => appChild({ ...run, env: { ...run.env, ...env } }),
    ready: (child, timeoutMs) => readyLine(child, timeoutMs, run.isReady ?? (said => said.ready === true)),
  };
}

export function appChild(run: AppRun): ChildSpec {
  return {
    file: process.execPath,
    args: [built(run.program), ...(run.args ?? [])],
    env: { ...machineEnvironment(), ...run.env },
    cwd: projectRoot,
    log: run.log,
    stdout: 'lines',
    stopSignal: 'SIGTERM',
    graceMs: 10_000,
  };
}

/** Waits for the line that says so. */
function readyLine(
  child: KeptChild,
  timeoutMs: number,
  isReady: (said: Record<string, unknown>) => boolean,
): Promise<Record<string, unknown>> {
  const ready = Promise.withResolvers<Record<string, unknown>>();
  const timer = setTimeout(() => ready.reject(new Error(`said nothing of being ready within ${timeoutMs} ms`)), timeoutMs);
  const stopListening = child.onLine(line => {
    const said = parse(line);
    if (said && isReady(said)) ready.resolve(said);
  });
  void child.exited.then(() => clearTimeout(timer));
  return ready.promise.finally(() => {
    clearTimeout(timer);
    stopListening();
  });
}

/** The JSON object of a line, or null when it is none. */
export function parse(line: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? { ...value } : null;
  } catch {
    return null;
  }
}
