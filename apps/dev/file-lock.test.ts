import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { lockFile } from './file-lock.ts';

const folder = mkdtempSync(join(tmpdir(), 'ebb-lock-'));
afterAll(() => rmSync(folder, { recursive: true }));

test('one holds it at a time, and the next one is told that it waits', async () => {
  const path = join(folder, 'one');
  const release = await lockFile(path, 0);
  expect(release).not.toBeNull();
  expect(await lockFile(path, 0)).toBeNull();

  let waits = 0;
  const next = lockFile(path, 5_000, () => waits++);
  release?.();
  const second = await next;
  expect(second).not.toBeNull();
  expect(waits).toBe(1);
  second?.();
});

test('a holder that is killed holds it no longer', async () => {
  const path = join(folder, 'killed');
  const hold = `new (require('node:sqlite').DatabaseSync)(${JSON.stringify(path)}).exec('begin exclusive'); console.log('held'); setInterval(() => {}, 1000)`;
  const holder = spawn(process.execPath, ['-e', hold], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(holder.stdout, 'data');
  expect(await lockFile(path, 0)).toBeNull();

  holder.kill('SIGKILL');
  await once(holder, 'exit');
  const release = await lockFile(path, 0);
  expect(release).not.toBeNull();
  release?.();
});
