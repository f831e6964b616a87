import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect } from 'vitest';
import { projectRoot } from '#apps/dev/project';
import { onLocalnet } from '#test/support/given-chain';
import { commandOf, descendantsOf, isAlive, survivors } from './dev-stack-processes.ts';

const test = onLocalnet('it starts the local chain');

const folder = mkdtempSync(join(tmpdir(), 'ebb-dev-command-'));
const data = join(folder, 'data');
const started: ChildProcess[] = [];

/*
 * The script of `npm run dev` as it stands in package.json, under a real npm, but without its build: the tests themselves
 * run from the built form.
 */
beforeAll(() => {
  const { scripts } = JSON.parse(readFileSync(join(projectRoot, 'package.json'), 'utf8')) as { scripts: { dev: string } };
  const [build, start] = scripts.dev.split(' && ');
  expect(build).toContain('build');
  const script = `cd '${projectRoot}' && ${start} --data '${data}'`;
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true, scripts: { dev: script } }));
});

afterAll(async () => {
  for (const npm of started) npm.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 500 });
});

/** Runs it until it says that it is up. */
async function run() {
  const npm = spawn('npm', ['run', 'dev'], { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] });
  started.push(npm);
  const session = { npm, output: '', below: [] as number[] };
  npm.stdout.on('data', chunk => (session.output += chunk));
  await until(() => {
    if (npm.exitCode !== null) throw new Error(`npm run dev ended:\n${session.output}`);
    return session.output.includes('logs');
  });
  session.below = descendantsOf(npm.pid ?? 0);
  return session;
}

function pidOf(pids: number[], program: string): number {
  const pid = pids.find(one => commandOf(one).includes(program));
  if (pid === undefined) throw new Error(`no process of ${program} among ${pids.map(commandOf).join('; ')}`);
  return pid;
}

const shown = (output: string, name: string) => new RegExp(`^  ${name} +(\\S+)`, 'm').exec(output)?.[1] ?? '';

test('npm run dev: a key that works, parts that come back, and data that lasts; no end of it leaves a process', async () => {
  const first = await run();
  const key = shown(first.output, 'API key');
  const links = await fetch(`${shown(first.output, 'API')}/v1/payment-links`, { headers: { authorization: `Bearer ${key}` } });
  expect(links.status).toBe(200);
  expect((await fetch(shown(first.output, 'Temporal UI'))).status).toBe(200);
  expect(readFileSync(join(data, 'api-key'), 'utf8').trim()).toBe(key);
  expect(statSync(join(data, 'api-key')).mode & 0o777).toBe(0o600);

  const relay = pidOf(first.below, 'apps/relay/main.js');
  process.kill(relay, 'SIGKILL');
  await until(() => /relay ended with SIGKILL(.|\n)*relay +ready/.test(first.output));

  // Ctrl-C in a terminal
  const all = descendantsOf(first.npm.pid ?? 0);
  const dev = pidOf(all, 'apps/dev/dev.js');
  process.kill(dev, 'SIGINT');
  const [code] = await once(first.npm, 'exit');
  expect(code).toBe(0);
  expect(first.output).toContain('Ebb has stopped');
  expect(await survivors(all, 0)).toEqual([]);

  const second = await run();
  for (const name of ['API', 'API key', 'Temporal UI', 'Solana RPC', 'PostgreSQL']) {
    expect(shown(second.output, name)).toBe(shown(first.output, name));
  }
  process.kill(pidOf(second.below, 'apps/dev/dev.js'), 'SIGKILL');
  expect(await survivors(second.below, 20_000)).toEqual([]);

  // After a death like that the data is as good as after a stop; and npm's own death ends everything, too.
  const third = await run();
  expect(shown(third.output, 'API key')).toBe(key);
  expect(third.below.filter(isAlive).length).toBeGreaterThan(8);
  third.npm.kill('SIGKILL');
  expect(await survivors(third.below, 20_000)).toEqual([]);
});

async function until(met: () => boolean, timeoutMs = 60_000): Promise<void> {
  const limit = performance.now() + timeoutMs;
  while (!met()) {
    if (performance.now() > limit) throw new Error(`not met within ${timeoutMs} ms: ${met}`);
    await new Promise(resolve => setTimeout(resolve, 50));
  }
}
