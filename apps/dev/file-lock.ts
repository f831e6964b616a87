import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Takes a lock that ends with the process that holds it, `kill -9` included, so that no lock is ever stale: SQLite's
 * exclusive transaction is a lock of the operating system on the file. The file itself stays, empty.
 *
 * @param waitMs how long to try; `onWait` is called once when somebody else holds it.
 * @returns the release, or null when the time was up.
 */
export async function lockFile(path: string, waitMs: number, onWait?: () => void): Promise<(() => void) | null> {
  mkdirSync(dirname(path), { recursive: true });
  const until = performance.now() + waitMs;
  for (let tries = 0; ; tries++) {
    const release = tryLock(path);
    if (release) return release;
    if (performance.now() >= until) return null;
    if (tries === 0) onWait?.();
    await sleep(50);
  }
}

function tryLock(path: string): (() => void) | null {
  const database = new DatabaseSync(path, { timeout: 0 });
  try {
    database.exec('begin exclusive');
  } catch (error) {
    database.close();
    if (error instanceof Error && 'errcode' in error && error.errcode === SQLITE_BUSY) return null;
    throw error;
  }
  return () => database.close();
}

const SQLITE_BUSY = 5;
