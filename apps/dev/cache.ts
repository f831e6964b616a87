import { mkdirSync, statSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { machineEnvironment } from '#libs/config/given';

/** This user's cache of what is built or copied once per machine: a fresh clone finds it again. */
export function cacheDirectory(machine = machineEnvironment()): string {
  if (machine.XDG_CACHE_HOME) return join(machine.XDG_CACHE_HOME, 'ebb');
  const home = machine.HOME ?? homedir();
  return process.platform === 'darwin' ? join(home, 'Library', 'Caches', 'ebb') : join(home, '.cache', 'ebb');
}

/**
 * Whether any user of this machine can get to a path: root runs PostgreSQL as somebody else, who cannot pass a folder
 * with mode 0700 (root's home, a checkout under `mktemp -d`). Looks at what exists of the path.
 */
export function reachableByAll(path: string): boolean {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat && (stat.mode & 0o001) === 0) return false;
  const up = dirname(path);
  return up === path || reachableByAll(up);
}

/** The cache that another user can read from, too. */
export function sharedCacheDirectory(): string {
  const own = cacheDirectory();
  return reachableByAll(own) ? own : '/var/cache/ebb';
}

/** A parent for temporary folders that another user can get to, too. */
export function sharedTemporaryDirectory(): string {
  return reachableByAll(tmpdir()) ? tmpdir() : '/tmp';
}

export function ensureDirectory(path: string, mode = 0o755): string {
  mkdirSync(path, { recursive: true, mode });
  return path;
}
