/** What a stack tells its keeper, one JSON object per line on the keeper's standard input. */
export type KeeperOrder =
  | { do: 'start'; id: string; child: ChildSpec }
  | { do: 'signal'; id: string; signal: NodeJS.Signals }
  | { do: 'stop'; id: string }
  | { do: 'hold'; path: string; waitMs: number }
  | { do: 'remove'; path: string };

/** What the keeper tells its stack, one JSON object per line on its standard output. */
export type KeeperNews =
  | { said: 'started'; id: string; pid: number }
  | { said: 'failed'; id: string; reason: string }
  | { said: 'line'; id: string; line: string }
  | { said: 'exited'; id: string; code: number | null; signal: NodeJS.Signals | null }
  | { said: 'held'; path: string }
  | { said: 'refused'; path: string };

/** A program to run and how to end it. */
export interface ChildSpec {
  file: string;
  args: string[];
  /** Its whole environment: nothing of the keeper's own is handed on. */
  env: Record<string, string>;
  cwd: string;
  /** Another user to run as; only root can ask for that. */
  user?: { uid: number; gid: number };
  /** Its standard error is appended here. */
  log: string;
  /** `lines`: standard output is read line by line by the stack (and not logged); `log`: it goes to the log. */
  stdout: 'lines' | 'log';
  /** Asks it to end in good order; SIGTERM for most, but PostgreSQL waits for its clients then. */
  stopSignal: NodeJS.Signals;
  /** How long it may take to end before it is killed. */
  graceMs: number;
}
