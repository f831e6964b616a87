import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { ChildSpec, KeeperNews, KeeperOrder } from './keeper-protocol.ts';
import { built } from './project.ts';

/** How a process ended: its exit code, or the signal that ended it. */
export interface Exit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

/** A child process, run by the keeper on this process's behalf. */
export class KeptChild {
  readonly pid: number;
  readonly exited: Promise<Exit>;
  /** Set once it has ended. */
  exit: Exit | null = null;
  readonly #send: (signal: NodeJS.Signals | 'stop') => void;
  readonly #lines: string[] = [];
  readonly #readers = new Set<(line: string) => void>();

  constructor(pid: number, exited: Promise<Exit>, send: (signal: NodeJS.Signals | 'stop') => void) {
    this.pid = pid;
    this.exited = exited.then(exit => {
      this.exit = exit;
      return exit;
    });
    this.#send = send;
  }

  signal(signal: NodeJS.Signals): void {
    this.#send(signal);
  }

  /** Ends it in good order, or by force after its grace. */
  stop(): Promise<Exit> {
    this.#send('stop');
    return this.exited;
  }

  /** Calls back for each line of standard output, those already written included. Returns how to stop listening. */
  onLine(reader: (line: string) => void): () => void {
    for (const line of this.#lines) reader(line);
    this.#readers.add(reader);
    return () => this.#readers.delete(reader);
  }

  /** For the keeper's side only. */
  hear(line: string): void {
    if (this.#lines.length < 1_000) this.#lines.push(line);
    for (const reader of this.#readers) reader(line);
  }
}

interface Awaited {
  started: PromiseWithResolvers<KeptChild>;
  exited: PromiseWithResolvers<Exit>;
  child: KeptChild | null;
}

/** This process's end of the keeper: starts children that cannot outlive it. See keeper.ts. */
export class Keeper {
  readonly pid: number | undefined;
  readonly #process: ChildProcessWithoutNullStreams;
  readonly #children = new Map<string, Awaited>();
  readonly #held = new Map<string, PromiseWithResolvers<boolean>>();
  readonly #gone: Promise<void>;
  #count = 0;

  constructor() {
    this.#process = spawn(process.execPath, [built('apps/dev/keeper.js')], {
      stdio: ['pipe', 'pipe', 'inherit'],
      detached: true,
    }) as unknown as ChildProcessWithoutNullStreams; // only standard error is inherited, and it is never read here
    this.pid = this.#process.pid;
    this.#process.stdin.on('error', () => undefined); // its exit tells the same
    createInterface({ input: this.#process.stdout }).on('line', line => this.#hear(JSON.parse(line) as KeeperNews));
    this.#gone = new Promise(resolve => this.#process.once('exit', () => resolve()));
    this.#process.once('exit', () => this.#bury());
    this.#process.once('error', () => this.#bury());
  }

  /** Starts a program. Resolves when it runs (not when it is ready); rejects when it cannot be started. */
  run(child: ChildSpec): Promise<KeptChild> {
    const id = String(++this.#count);
    const awaited: Awaited = { started: Promise.withResolvers(), exited: Promise.withResolvers(), child: null };
    this.#children.set(id, awaited);
    this.#tell({ do: 'start', id, child });
    return awaited.started.promise;
  }

  /** Locks a file for as long as the keeper lives, so until the last child has ended. False: somebody else holds it. */
  hold(path: string, waitMs: number): Promise<boolean> {
    const held = Promise.withResolvers<boolean>();
    this.#held.set(path, held);
    this.#tell({ do: 'hold', path, waitMs });
    return held.promise;
  }

  /** Removes a folder after the last child has ended, also when this process is killed. */
  removeAtEnd(path: string): void {
    this.#tell({ do: 'remove', path });
  }

  /** Ends every child that still runs, then the keeper itself. */
  async end(): Promise<void> {
    this.#process.stdin.end();
    await this.#gone;
  }

  #hear(news: KeeperNews): void {
    if (news.said === 'held' || news.said === 'refused') {
      this.#held.get(news.path)?.resolve(news.said === 'held');
      return;
    }
    const awaited = this.#children.get(news.id);
    if (!awaited) return;
    if (news.said === 'started') {
      const send = (signal: NodeJS.Signals | 'stop') =>
        this.#tell(signal === 'stop' ? { do: 'stop', id: news.id } : { do: 'signal', id: news.id, signal });
      awaited.child = new KeptChild(news.pid, awaited.exited.promise, send);
      awaited.started.resolve(awaited.child);
    } else if (news.said === 'failed') awaited.started.reject(new Error(`could not be started: ${news.reason}`));
    else if (news.said === 'line') awaited.child?.hear(news.line);
    else {
      this.#children.delete(news.id);
      awaited.exited.resolve({ code: news.code, signal: news.signal });
    }
  }

  /** The keeper was killed: what it ran is ended from here, since nobody else does where the system does not. */
  #bury(): void {
    for (const awaited of this.#children.values()) {
      awaited.started.reject(new Error('the keeper is gone'));
      if (awaited.child) kill(awaited.child.pid);
      awaited.exited.resolve({ code: null, signal: 'SIGKILL' });
    }
    this.#children.clear();
    for (const held of this.#held.values()) held.resolve(false);
  }

  #tell(order: KeeperOrder): void {
    this.#process.stdin.write(`${JSON.stringify(order)}\n`);
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // it ended by itself
  }
}
