import { accessSync, constants, existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { machineEnvironment } from '#libs/config/given';
import { cacheDirectory } from '../cache.ts';
import { lockFile } from '../file-lock.ts';
import type { Keeper } from '../kept.ts';
import { buildTemporal } from './build.ts';
import { downloadTemporal } from './download.ts';
import { temporalVersions } from './settings.ts';
import { isNewEnough, versionText } from './version.ts';

export interface TemporalProgram {
  path: string;
  from: 'EBB_TEMPORAL_CLI' | 'PATH' | 'cache' | 'build' | 'download';
}

export interface TemporalSearch {
  /** The setting EBB_TEMPORAL_CLI. */
  given: string | undefined;
  machine?: Record<string, string>;
  cache?: string;
  progress?: (text: string) => void;
  /** Where the download comes from; by default the service that Temporal's SDKs use. */
  origin?: string;
}

/**
 * Finds Temporal's command line, which holds the server: the one given, the one on the PATH if it is new enough, this
 * user's cache, a build with Go into that cache (minutes, once per machine), the SDK's download.
 *
 * @param keeper runs the build, so that it ends with this process.
 */
export async function resolveTemporal(keeper: Keeper, search: TemporalSearch): Promise<TemporalProgram> {
  const machine = search.machine ?? machineEnvironment();
  const progress = search.progress ?? (() => undefined);
  if (search.given !== undefined) return { path: executable(search.given), from: 'EBB_TEMPORAL_CLI' };

  const installed = onPath('temporal', machine.PATH);
  if (installed) {
    const version = await versionText(installed);
    if (isNewEnough(version)) return { path: installed, from: 'PATH' };
    progress(`${installed} is too old (${version.trim()}), Ebb needs ${temporalVersions.cli}`);
  }

  const folder = join(search.cache ?? cacheDirectory(machine), `temporal-${temporalVersions.cli}`);
  const path = join(folder, 'temporal');
  if (existsSync(path)) return { path, from: 'cache' };

  // Two builds at once would take twice as long; who comes second finds the first one's in the cache.
  const release = await lockFile(join(folder, 'lock'), 30 * 60_000, () =>
    progress('another process is building Temporal, waiting for it'),
  );
  if (!release) throw new Error(`another process has been building Temporal in ${folder} for half an hour`);
  try {
    if (existsSync(path)) return { path, from: 'cache' };
    const go = onPath('go', machine.PATH);
    if (go) {
      const fault = await buildTemporal(keeper, { go, path, progress });
      if (fault === null) return { path, from: 'build' };
      progress(`Temporal could not be built with Go (${fault}), downloading it instead`);
    }
    await downloadTemporal(keeper, { path, progress, ...(search.origin && { origin: search.origin }) });
    return { path, from: 'download' };
  } finally {
    release();
  }
}

function executable(path: string): string {
  try {
    accessSync(path, constants.X_OK);
    return path;
  } catch {
    throw new Error(`EBB_TEMPORAL_CLI names ${path}, which is not a program that can be run`);
  }
}

function onPath(name: string, path = ''): string | null {
  for (const folder of path.split(delimiter).filter(Boolean)) {
    try {
      accessSync(join(folder, name), constants.X_OK);
      return join(folder, name);
    } catch {
      // look further
    }
  }
  return null;
}
