import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { Keeper } from '#apps/dev/kept';
import { resolveTemporal } from '#apps/dev/temporal/resolve';

/* Which Temporal is taken, with stand-ins for Go, for an installed `temporal` and for the download's service. */

const keeper = new Keeper();
const folder = mkdtempSync(join(tmpdir(), 'ebb-resolve-'));
const bin = join(folder, 'bin');
const cache = join(folder, 'cache');
const goRuns = join(folder, 'go-runs');
const cached = join(cache, 'temporal-1.8.2', 'temporal');
const search = (given?: string) => ({ given, machine: { PATH: `${bin}:/usr/bin:/bin` }, cache });

beforeAll(() => mkdirSync(bin));
beforeEach(() => {
  rmSync(cache, { recursive: true, force: true });
  rmSync(goRuns, { force: true });
  for (const program of readdirSync(bin)) rmSync(join(bin, program));
});
afterAll(async () => {
  await keeper.end();
  rmSync(folder, { recursive: true });
});

function install(name: string, script: string): string {
  const path = join(bin, name);
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
  return path;
}

const installTemporal = (server: string) =>
  install('temporal', `echo "temporal version 0.0.0-DEV (Server ${server}, UI 2.50.1)"`);

/** Writes what `-o` names, slowly, and counts its runs. */
const installGo = (ending: string) =>
  install(
    'go',
    `echo run >> ${goRuns}
while [ "$1" != -o ]; do shift; done
printf '#!/bin/sh\\n' > "$2"; echo some/package; sleep 0.3; printf 'echo built\\n' >> "$2"; chmod 755 "$2"; ${ending}`,
  );

test('the one that is named by EBB_TEMPORAL_CLI comes first, and must be there', async () => {
  const installed = installTemporal('1.31.2');
  const named = install('my-temporal', 'true');
  expect(await resolveTemporal(keeper, search(named))).toEqual({ path: named, from: 'EBB_TEMPORAL_CLI' });
  await expect(resolveTemporal(keeper, search(join(folder, 'nowhere')))).rejects.toThrow('EBB_TEMPORAL_CLI');
  expect(await resolveTemporal(keeper, search())).toEqual({ path: installed, from: 'PATH' });
});

test('an installed one that is too old is passed over, and said so', async () => {
  installTemporal('1.31.1');
  installGo('exit 0');
  const said: string[] = [];
  const found = await resolveTemporal(keeper, { ...search(), progress: text => said.push(text) });
  expect(found).toEqual({ path: cached, from: 'build' });
  expect(said[0]).toContain('too old');
  expect(said[1]).toContain('building Temporal 1.8.2 with Go');
});

test('two who need it at once build it once, and the next one finds it', async () => {
  installGo('exit 0');
  const both = await Promise.all([resolveTemporal(keeper, search()), resolveTemporal(keeper, search())]);
  expect(both.map(one => one.from).sort()).toEqual(['build', 'cache']);
  expect((await resolveTemporal(keeper, search())).from).toBe('cache');
  expect(readFileSync(goRuns, 'utf8')).toBe('run\n');
  expect(execFileSync(cached, { encoding: 'utf8' })).toBe('built\n');
});

test('a build that fails leaves nothing that could pass for the program, and the download comes instead', async () => {
  installGo('echo "some/package: cannot compile"; exit 1');
  const archive = archived('echo downloaded');
  const service = createServer((request, response) => {
    if (request.url === '/archive') response.end(archive);
    else if (request.url?.startsWith('/cli/v1.8.2?'))
      response.end(JSON.stringify({ archiveUrl: `${origin()}/archive`, fileToExtract: 'temporal' }));
    else response.writeHead(404).end();
  });
  const origin = () => `http://127.0.0.1:${(service.address() as AddressInfo).port}`;
  await new Promise<void>(resolve => service.listen(0, '127.0.0.1', resolve));
  try {
    const said: string[] = [];
    const found = await resolveTemporal(keeper, { ...search(), origin: origin(), progress: text => said.push(text) });
    expect(found).toEqual({ path: cached, from: 'download' });
    expect(said.join('\n')).toContain('some/package: cannot compile');
    expect(execFileSync(cached, { encoding: 'utf8' })).toBe('downloaded\n');
    expect(readdirSync(join(cache, 'temporal-1.8.2')).sort()).toEqual(['lock', 'temporal']);
  } finally {
    service.close();
  }
});

test('with neither Go nor a download, what to do is said', async () => {
  const nobody = 'http://127.0.0.1:1';
  await expect(resolveTemporal(keeper, { ...search(), origin: nobody })).rejects.toThrow(
    /install Go .* or name it by EBB_TEMPORAL_CLI/,
  );
  expect(existsSync(cached)).toBe(false);
});

function archived(script: string): Buffer {
  const source = join(folder, 'source');
  mkdirSync(source, { recursive: true });
  writeFileSync(join(source, 'temporal'), `#!/bin/sh\n${script}\n`);
  chmodSync(join(source, 'temporal'), 0o755);
  return execFileSync('tar', ['-czf', '-', '-C', source, 'temporal']);
}
