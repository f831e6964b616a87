import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, rmSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { lockFile } from './file-lock.ts';
import type { ChildSpec, KeeperNews, KeeperOrder } from './keeper-protocol.ts';

/*
 * Runs every child of one stack, and ends them all when its own standard input closes. The stack's process holds the other
 * end of that pipe, so however the stack dies, `kill -9` included, nothing is left behind: no process, no temporary folder.
 * One keeper for all children rather than one each: a Node process costs about 40 ms of start, and as the children's
 * parent it sees their exits exactly and never signals a process id that has been given to someone else.
 *
 * It leads a session of its own, so that Ctrl-C in a terminal reaches the stack alone, which then ends its children in
 * order. Should the keeper itself be killed, Linux ends its children (`setpriv --pdeathsig`).
 */

interface Kept {
  process: ChildProcess;
  child: ChildSpec;
  stopping: boolean;
}

const kept = new Map<string, Kept>();
const removeAtEnd: string[] = [];
const releases: (() => void)[] = [];
const SETPRIV = '/usr/bin/setpriv';
const diesWithKeeper = process.platform === 'linux' && existsSync(SETPRIV);
let ending = false;

process.stdout.on('error', () => undefined); // the stack is gone; its closed pipe on standard input says the same
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, end);

const orders = createInterface({ input: process.stdin });
orders.on('line', line => obey(JSON.parse(line) as KeeperOrder));
orders.on('close', end);

function obey(order: KeeperOrder): void {
  if (order.do === 'start') start(order.id, order.child);
  else if (order.do === 'signal') kept.get(order.id)?.process.kill(order.signal);
  else if (order.do === 'stop') stop(order.id);
  else if (order.do === 'remove') removeAtEnd.push(order.path);
  else void hold(order.path, order.waitMs);
}

function start(id: string, child: ChildSpec): void {
  if (ending) return;
  const log = openSync(child.log, 'a');
  const command = diesWithKeeper
    ? [SETPRIV, '--pdeathsig', 'KILL', '--', child.file, ...child.args]
    : [child.file, ...child.args];
  const [file = child.file, ...args] = command;
  const running = spawn(file, args, {
    cwd: child.cwd,
    env: child.env,
    stdio: ['ignore', child.stdout === 'lines' ? 'pipe' : log, log],
    detached: true, // a group of its own, so that what a child leaves behind can be ended with it
    ...child.user,
  });
  closeSync(log);
  running.on('error', error => tell({ said: 'failed', id, reason: error.message }));
  if (running.pid === undefined) return;
  kept.set(id, { process: running, child, stopping: false });
  tell({ said: 'started', id, pid: running.pid });
  if (running.stdout) createInterface({ input: running.stdout }).on('line', line => tell({ said: 'line', id, line }));
  running.on('exit', (code, signal) => exited(id, code, signal));
}

function exited(id: string, code: number | null, signal: NodeJS.Signals | null): void {
  const one = kept.get(id);
  kept.delete(id);
  // Only when it was told to end: a child that a test killed must leave behind exactly what a real crash would.
  if (one && (one.stopping || ending)) killGroup(one.process);
  tell({ said: 'exited', id, code, signal });
  if (ending && kept.size === 0) leave();
}

function stop(id: string): void {
  const one = kept.get(id);
  if (!one || one.stopping) return;
  one.stopping = true;
  one.process.kill(one.child.stopSignal);
  one.process.kill('SIGCONT'); // a suspended process would never hear of it
  setTimeout(() => one.process.kill('SIGKILL'), one.child.graceMs).unref();
}

/** Ends every child, removes what was to be removed, and goes. */
function end(): void {
  if (ending) return;
  ending = true;
  for (const id of kept.keys()) stop(id);
  if (kept.size === 0) leave();
  else setTimeout(() => undefined, 60_000); // keeps the keeper alive until the last exit is seen
}

function leave(): void {
  for (const path of removeAtEnd) rmSync(path, { recursive: true, force: true, maxRetries: 5 });
  for (const release of releases) release();
  process.exit(0);
}

function killGroup(leader: ChildProcess): void {
  if (leader.pid === undefined) return;
  try {
    process.kill(-leader.pid, 'SIGKILL');
  } catch {
    // the group is empty, as it should be
  }
}

async function hold(path: string, waitMs: number): Promise<void> {
  const release = await lockFile(path, waitMs);
  if (release) releases.push(release);
  tell(release ? { said: 'held', path } : { said: 'refused', path });
}

function tell(news: KeeperNews): void {
  process.stdout.write(`${JSON.stringify(news)}\n`);
}
