import { createHash } from 'node:crypto';
import { Kysely, PostgresDialect, type Transaction } from 'kysely';
import pg from 'pg';
import type { Step } from '#libs/steps/registry';
import type { Steps } from '#libs/steps/steps';
import type { DB } from './generated/schema.ts';

/** An open transaction; every function that writes takes it first. */
export type Tx = Transaction<DB>;
/** For reads outside a transaction; `Tx` is one too. */
export type Reader = Kysely<DB>;

/** The books. Writing needs a transaction, and a transaction needs a step's name. */
export interface Database {
  read: Reader;
  /** Runs the work in one transaction; serialization failures and deadlocks are tried again, up to five times. */
  tx<T>(step: Step, work: (tx: Tx) => Promise<T>): Promise<T>;
  /** One dedicated connection that calls back on every NOTIFY of the channel, and once after each (re)connect. */
  listen(channel: string, heard: () => void): Promise<{ close(): Promise<void> }>;
  close(): Promise<void>;
}

const RETRIED = new Set(['40001', '40P01']);
const MAX_TRIES = 5;
/** A process that stands still inside a transaction must not hold its locks for ever. */
const IDLE_IN_TRANSACTION_MS = 10_000;

/** Sends every statement under a name made from its text, so that PostgreSQL plans it once per connection. */
class NamingClient extends pg.Client {
  constructor(config?: pg.ClientConfig) {
    super(config);
    const plain = this.query.bind(this) as (...args: unknown[]) => unknown;
    this.query = ((text: unknown, values: unknown, ...rest: unknown[]) =>
      typeof text === 'string' && Array.isArray(values)
        ? plain({ text, values, name: createHash('sha1').update(text).digest('base64url') }, ...rest)
        : plain(text, values, ...rest)) as typeof this.query;
  }
}

/** Opens a pool on a PostgreSQL URL. */
export function openDatabase(url: string, options: { max: number; steps: Steps; onError?: (error: Error) => void }): Database {
  const pool = new pg.Pool({
    connectionString: url,
    max: options.max,
    Client: NamingClient,
    idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS,
    connectionTimeoutMillis: 15_000,
    keepAlive: true,
  });
  pool.on('error', error => options.onError?.(error));
  // While a connection is checked out, the pool does not listen to it: an end between two statements would end the process.
  pool.on('connect', client => client.on('error', error => options.onError?.(error)));
  const read = new Kysely<DB>({ dialect: new PostgresDialect({ pool }) });

  const attempt = <T>(step: Step, work: (tx: Tx) => Promise<T>) => options.steps(step, () => read.transaction().execute(work));
  return {
    read,
    async tx(step, work) {
      for (let tries = 1; ; tries++) {
        try {
          return await attempt(step, work);
        } catch (error) {
          if (tries >= MAX_TRIES || !RETRIED.has(sqlState(error) ?? '')) throw error;
        }
      }
    },
    listen: (channel, heard) => listen(url, channel, heard, options.onError),
    close: () => read.destroy(),
  };
}

/** The SQLSTATE of a database error, or null. */
export function sqlState(error: unknown): string | null {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' && /^[0-9A-Z]{5}$/.test(error.code)
    ? error.code
    : null;
}

/** The constraint a database error names, or null. */
export function violatedConstraint(error: unknown): string | null {
  return error instanceof Error && 'constraint' in error && typeof error.constraint === 'string' ? error.constraint : null;
}

/** Whether the database could not be reached or went away in the middle: an outage, worth a retry. */
export function isOutage(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (/^(ECONN|EPIPE|ETIMEDOUT|ENOTFOUND)/.test(code) || /^(08|57P)/.test(code)) return true;
  return (
    error instanceof Error &&
    /Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error/.test(error.message)
  );
}

async function listen(url: string, channel: string, heard: () => void, onError?: (error: Error) => void) {
  let closed = false;
  let client: pg.Client | null = null;
  const connect = async (): Promise<void> => {
    while (!closed) {
      const next = new pg.Client({ connectionString: url, keepAlive: true });
      next.on('error', error => onError?.(error));
      try {
        await next.connect();
        await next.query(`listen ${pg.escapeIdentifier(channel)}`);
        next.on('notification', heard);
        next.once('end', () => {
          if (!closed) void connect();
        });
        client = next;
        heard();
        return;
      } catch (error) {
        onError?.(error as Error);
        await next.end().catch(() => {});
        await new Promise(resolve => setTimeout(resolve, 500));
      }
    }
  };
  await connect();
  return {
    async close() {
      closed = true;
      await client?.end();
    },
  };
}
