import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { machineEnvironment } from '#libs/config/given';
import type { ChildSpec } from '../keeper-protocol.ts';
import { databaseName, databaseUser } from './cluster.ts';
import type { PostgresProgram } from './program.ts';

export interface PostgresServer {
  directory: string;
  port: number;
  password: string;
  log: string;
  /** Its data is thrown away with the stack: at a stop nothing needs to be written down. */
  temporary: boolean;
}

/** What the embedded server is told beyond its defaults. Durability stays on: a killed server must lose nothing. */
export const postgresSettings = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  max_connections: '200',
  timezone: 'UTC',
  log_timezone: 'UTC',
  jit: 'off',
  // In the data directory instead of /dev/shm, where a killed server would leave its segments behind.
  dynamic_shared_memory_type: 'mmap',
  // Three processes fewer; the data of development fits in memory.
  io_method: 'sync',
} as const;

export function databaseUrl(server: { port: number; password: string }): string {
  return `postgres://${databaseUser}:${server.password}@127.0.0.1:${server.port}/${databaseName}`;
}

export function postgresChild(program: PostgresProgram, server: PostgresServer): ChildSpec {
  const settings = Object.entries(postgresSettings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  return {
    file: program.postgres,
    args: ['-D', server.directory, '-p', String(server.port), ...settings],
    env: machineEnvironment(),
    cwd: '/',
    ...(program.user && { user: program.user }),
    log: server.log,
    stdout: 'log',
    // SIGTERM would wait for every client to leave; SIGINT sends them away, SIGQUIT does not even write a checkpoint.
    stopSignal: server.temporary ? 'SIGQUIT' : 'SIGINT',
    graceMs: 10_000,
  };
}

/** Waits until the server answers a query. `ended` tells that it never will. */
export async function postgresAnswers(url: string, ended: () => boolean, timeoutMs: number): Promise<void> {
  const until = performance.now() + timeoutMs;
  for (;;) {
    const fault = await faultOf(url);
    if (fault === null) return;
    if (ended()) throw new Error('PostgreSQL ended before it answered');
    if (performance.now() > until) throw new Error(`PostgreSQL did not answer within ${timeoutMs} ms: ${fault.message}`);
    await sleep(15);
  }
}

async function faultOf(url: string): Promise<Error | null> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query('select 1');
    return null;
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  } finally {
    await client.end().catch(() => undefined);
  }
}

/**
 * After a `kill -9` of the server its sessions notice and end within moments; until they have, a new server on the same
 * data refuses to start. Whether the end of its log says so.
 */
export function sessionsStillEnding(log: string): boolean {
  return log.split('\n').slice(-3).join(' ').includes('still in use');
}
