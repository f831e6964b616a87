import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { machineEnvironment } from '#libs/config/given';
import { temporalVersions } from './settings.ts';

/** What a `temporal` says of itself: `temporal version 1.8.2 (Server 1.31.2, UI 2.50.1)`. Empty when it cannot say. */
export async function versionText(program: string): Promise<string> {
  const run = promisify(execFile);
  const said = await run(program, ['--version'], { timeout: 20_000, env: machineEnvironment() }).catch(() => ({ stdout: '' }));
  return said.stdout;
}

/** Judged by the server inside, since a build from source calls its command line 0.0.0-DEV. */
export function isNewEnough(versionText: string): boolean {
  const server = /Server (\d+)\.(\d+)\.(\d+)/.exec(versionText)?.slice(1).map(Number);
  const needed = temporalVersions.server.split('.').map(Number);
  if (server?.length !== 3) return false;
  for (const [place, least] of needed.entries()) {
    const has = server[place] ?? 0;
    if (has !== least) return has > least;
  }
  return true;
}
