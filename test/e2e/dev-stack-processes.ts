import { execFileSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';

/** Whether a process runs. One that has ended and only waits to be collected does not. */
export function isAlive(pid: number): boolean {
  const state = spawnPs(['-o', 'state=', '-p', String(pid)]).trim();
  return state !== '' && !state.startsWith('Z');
}

/** A process's children, their children, and so on. */
export function descendantsOf(pid: number): number[] {
  const pairs = spawnPs(['-A', '-o', 'pid=,ppid='])
    .trim()
    .split('\n')
    .map(line => line.trim().split(/\s+/).map(Number));
  const below = (parent: number): number[] =>
    pairs.filter(([, ppid]) => ppid === parent).flatMap(([child = 0]) => [child, ...below(child)]);
  return below(pid);
}

/** Waits until none of them runs; resolves to those that still do when the time is up. */
export async function survivors(pids: readonly number[], timeoutMs: number): Promise<number[]> {
  const until = performance.now() + timeoutMs;
  for (;;) {
    const alive = pids.filter(isAlive);
    if (alive.length === 0 || performance.now() > until) return alive;
    await sleep(50);
  }
}

function spawnPs(args: string[]): string {
  try {
    return execFileSync('ps', args, { encoding: 'utf8' });
  } catch {
    return ''; // ps says by its exit code that there is no such process
  }
}

/** The command line of a process; empty when there is none. */
export function commandOf(pid: number): string {
  return spawnPs(['-ww', '-o', 'args=', '-p', String(pid)]).trim();
}
