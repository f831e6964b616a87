import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Client, Connection } from '@temporalio/client';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { parse } from '#apps/dev/app';
import { built } from '#apps/dev/project';
import { type Stack, startStack } from '#apps/dev/stack';
import { onLocalnet } from '#test/support/given-chain';
import { descendantsOf, isAlive, survivors } from './dev-stack-processes.ts';

const testWithChain = onLocalnet('it starts and kills the local chain');

const FOREIGN = ['postgres', 'temporal', 'localnet'] as const;

describe('a killed parent leaves nothing behind', () => {
  const started: ChildProcess[] = [];
  afterEach(() => {
    for (const one of started.splice(0)) one.kill('SIGKILL');
  });

  /** A process of its own that holds a stack, what runs below it, and where its data lies. */
  async function holder() {
    const process_ = spawn(process.execPath, [built('test/e2e/dev-stack-holder.js'), ...FOREIGN], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    started.push(process_);
    const [line] = (await once(createInterface({ input: process_.stdout }), 'line')) as [string];
    const said = parse(line) as unknown as { directory: string; parts: Record<(typeof FOREIGN)[number], number> };
    const below = descendantsOf(process_.pid ?? 0);
    const keeper = below.find(pid => descendantsOf(pid).includes(said.parts.temporal));
    if (keeper === undefined) throw new Error('the parts have no keeper');
    return { process: process_, keeper, below, ...said };
  }

  testWithChain('kill -9 of the process that holds PostgreSQL, Temporal and the localnet', async () => {
    const held = await holder();
    expect(held.below).toEqual(expect.arrayContaining(Object.values(held.parts)));
    expect(held.below.length).toBeGreaterThan(4); // PostgreSQL's own processes are among them
    expect(held.below.every(isAlive)).toBe(true);

    held.process.kill('SIGKILL');

    expect(await survivors(held.below, 15_000)).toEqual([]);
    expect(existsSync(held.directory)).toBe(false);
  });

  testWithChain('also when a part is suspended and hears no polite request', async () => {
    const held = await holder();
    process.kill(held.parts.temporal, 'SIGSTOP');

    held.process.kill('SIGKILL');

    expect(await survivors(held.below, 15_000)).toEqual([]);
  });

  testWithChain('kill -9 of the keeper ends its children', async () => {
    const held = await holder();

    process.kill(held.keeper, 'SIGKILL');

    expect(await survivors(held.below, 15_000)).toEqual([]);
    rmSync(held.directory, { recursive: true, force: true }); // who would have removed it was killed
  });
});

describe('a part can be killed and started again on its data', () => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await startStack({ parts: ['postgres', 'temporal', 'localnet'], temporalOnFile: true, given: {} });
  });
  afterAll(() => stack?.stop());

  testWithChain('PostgreSQL keeps what was committed, on the same port', async () => {
    const url = stack.urls.database;
    await query(url, `create table kept as select 'committed' as word`);
    const before = stack.part('postgres').pid;

    expect(await stack.part('postgres').kill()).toEqual({ code: null, signal: 'SIGKILL' });
    await expect(query(url, 'select 1')).rejects.toThrow();
    await stack.part('postgres').start();

    expect(stack.part('postgres').pid).not.toBe(before);
    expect(await query(url, 'select word from kept')).toEqual([{ word: 'committed' }]);
  });

  testWithChain('Temporal keeps a workflow that waits, on the same port', async () => {
    const connection = await Connection.connect({ address: stack.urls.temporal });
    try {
      const client = new Client({ connection });
      const handle = await client.workflow.start('waitsForAWorker', { workflowId: 'kept', taskQueue: 'nobody' });

      expect(await stack.part('temporal').kill()).toEqual({ code: null, signal: 'SIGKILL' });
      await stack.part('temporal').start();

      const described = await handle.describe();
      expect(described.runId).toBe(handle.firstExecutionRunId);
      expect(described.status.name).toBe('RUNNING');
    } finally {
      await connection.close();
    }
  });
});

test('a part that does not start says why, and what had started has ended', async () => {
  const before = descendantsOf(process.pid);
  const start = startStack({ parts: ['postgres', 'temporal'], given: { EBB_TEMPORAL_CLI: '/bin/false' } });

  await expect(start).rejects.toThrow(/^temporal: ended with code 1 before it was ready\n--- the end of /);

  expect(descendantsOf(process.pid).filter(pid => !before.includes(pid) && isAlive(pid))).toEqual([]);
});

test('two stacks cannot run on the same data', async () => {
  const dataDirectory = mkdtempSync(join(tmpdir(), 'ebb-dev-'));
  const stack = await startStack({ parts: ['postgres'], dataDirectory, given: {} });
  try {
    await expect(startStack({ parts: ['postgres'], dataDirectory, given: {} })).rejects.toThrow(/another stack runs on/);
    expect(stack.part('postgres').running).toBe(true);
  } finally {
    await stack.stop();
    rmSync(dataDirectory, { recursive: true });
  }
});

async function query(url: string, text: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return (await client.query(text)).rows;
  } finally {
    await client.end().catch(() => undefined);
  }
}
