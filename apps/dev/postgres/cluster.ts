import { execFileSync, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chownSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { machineEnvironment } from '#libs/config/given';
import { ensureDirectory, sharedCacheDirectory } from '../cache.ts';
import { lockFile } from '../file-lock.ts';
import type { PostgresProgram } from './program.ts';

export const databaseUser = 'ebb';
export const databaseName = 'ebb';

/**
 * A data directory with the database in it, made on first use. Returns the password of its user.
 *
 * It is a copy of a template that is made once per machine: initdb takes 0.6 s of a core, the copy 0.1 s, and every test
 * file wants a new one. The password is random, and this user's own.
 */
export async function prepareCluster(program: PostgresProgram, directory: string): Promise<string> {
  const passwordFile = `${directory}.password`;
  if (!existsSync(join(directory, 'PG_VERSION'))) {
    const template = await templateCluster(program);
    const unfinished = `${directory}.unfinished`;
    rmSync(unfinished, { recursive: true, force: true });
    mkdirSync(dirname(directory), { recursive: true });
    execFileSync('cp', ['-a', template, unfinished]);
    writeFileSync(passwordFile, readFileSync(`${template}.password`), { mode: 0o600 });
    renameSync(unfinished, directory);
  }
  return readFileSync(passwordFile, 'utf8').trim();
}

async function templateCluster(program: PostgresProgram): Promise<string> {
  const cache = ensureDirectory(join(sharedCacheDirectory(), `postgres-${program.version}`));
  const template = join(cache, program.user ? `template-${program.user.uid}` : 'template');
  if (existsSync(template)) return template;
  const release = await lockFile(join(cache, 'template.lock'), 120_000);
  if (!release) throw new Error(`another process has been making ${template} for two minutes`);
  try {
    if (existsSync(template)) return template;
    const unfinished = `${template}.unfinished`;
    rmSync(unfinished, { recursive: true, force: true });
    await initialise(program, unfinished, `${template}.password`);
    renameSync(unfinished, template);
    return template;
  } finally {
    release();
  }
}

async function initialise(program: PostgresProgram, directory: string, passwordFile: string): Promise<void> {
  mkdirSync(directory, { mode: 0o700 });
  writeFileSync(passwordFile, `${randomBytes(18).toString('base64url')}\n`, { mode: 0o600 });
  if (program.user) {
    chownSync(directory, program.user.uid, program.user.gid);
    chownSync(passwordFile, program.user.uid, program.user.gid);
  }
  // The builtin locale sorts by code point on every machine, so an index or a page of a list means the same everywhere.
  const locale = ['--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'];
  const access = [`--username=${databaseUser}`, '--auth=scram-sha-256', `--pwfile=${passwordFile}`];
  await run(program, program.initdb, [`--pgdata=${directory}`, ...access, ...locale, '--no-sync', '--no-instructions']);
  await run(program, program.postgres, ['--single', '-D', directory, 'postgres'], `create database ${databaseName};\n`);
}

function run(program: PostgresProgram, file: string, args: string[], input = ''): Promise<void> {
  const child = spawn(file, args, { env: machineEnvironment(), cwd: '/', stdio: 'pipe', ...program.user });
  let output = '';
  child.stdout.on('data', chunk => (output += chunk));
  child.stderr.on('data', chunk => (output += chunk));
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', code =>
      code === 0 ? resolve() : reject(new Error(`${file} ended with ${code}:\n${output.slice(-4_000)}`)),
    );
  });
}
