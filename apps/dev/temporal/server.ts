import { setTimeout as sleep } from 'node:timers/promises';
import { Connection } from '@temporalio/client';
import { machineEnvironment } from '#libs/config/given';
import type { ChildSpec } from '../keeper-protocol.ts';
import { isListening } from '../ports.ts';
import { searchAttributeTypes, temporalAloneConfig, temporalDynamicConfig, temporalNamespace } from './settings.ts';

export interface TemporalServer {
  port: number;
  /** Null: without the UI, which costs tests a moment. */
  uiPort: number | null;
  /** Null: in memory. A file survives a `kill -9` of the server. */
  file: string | null;
  log: string;
}

export function temporalChild(program: string, server: TemporalServer): ChildSpec {
  return {
    file: program,
    args: ['server', 'start-dev', ...flagsOf(server)],
    env: machineEnvironment(),
    cwd: '/',
    log: server.log,
    stdout: 'log',
    stopSignal: 'SIGTERM',
    graceMs: 5_000,
  };
}

function flagsOf(server: TemporalServer): string[] {
  const ui = server.uiPort === null ? ['--headless'] : ['--ui-port', String(server.uiPort), '--ui-disable-news-fetch'];
  const file = server.file === null ? [] : ['--db-filename', server.file];
  const config = Object.entries({ ...temporalDynamicConfig, ...temporalAloneConfig }).flatMap(([key, value]) => [
    '--dynamic-config-value',
    `${key}=${value}`,
  ]);
  const attributes = searchAttributeTypes.flatMap(([name, type]) => ['--search-attribute', `${name}=${type}`]);
  // Its own settings of the user's (addresses, profiles of `temporal`'s client) must not reach in.
  const alone = ['--disable-config-file', '--disable-config-env', '--log-level', 'warn', '--color', 'never'];
  return ['--ip', '127.0.0.1', '--port', String(server.port), ...ui, ...file, ...config, ...attributes, ...alone];
}

/** Waits until the server carries workflows: its namespace is there and knows the search attributes. */
export async function temporalAnswers(address: string, ended: () => boolean, timeoutMs: number): Promise<void> {
  const until = performance.now() + timeoutMs;
  for (;;) {
    const fault = await faultOf(address);
    if (fault === null) return;
    if (ended()) throw new Error('Temporal ended before it answered');
    if (performance.now() > until) throw new Error(`Temporal did not answer within ${timeoutMs} ms: ${fault}`);
    await sleep(15);
  }
}

async function faultOf(address: string): Promise<string | null> {
  // gRPC waits a second and more after a refused connection; a look at the port first costs nothing.
  if (!(await isListening(address))) return 'nobody listens';
  const connection = Connection.lazy({ address, connectTimeout: 1_000 });
  const deadline = Date.now() + 2_000;
  try {
    return await connection.withDeadline(deadline, async () => {
      await connection.workflowService.describeNamespace({ namespace: temporalNamespace });
      const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace: temporalNamespace });
      const missing = searchAttributeTypes.filter(([name]) => !(name in customAttributes)).map(([name]) => name);
      return missing.length === 0 ? null : `search attributes are not there: ${missing.join(', ')}`;
    });
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    await connection.close();
  }
}
