import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { buildEnvironment } from '#libs/config/given';
import type { Keeper } from '../kept.ts';
import { temporalVersions } from './settings.ts';

export interface TemporalDownload {
  path: string;
  progress: (text: string) => void;
  /** The service that the SDK downloads from. */
  origin?: string;
}

/**
 * The download that Temporal's SDK makes, by the same service: it answers where the archive is and what to take from it.
 * Done here because the SDK would run the server itself, as a child that outlives a killed parent.
 */
export async function downloadTemporal(keeper: Keeper, download: TemporalDownload): Promise<void> {
  const origin = download.origin ?? 'https://temporal.download';
  const arch = process.arch === 'arm64' ? 'arm64' : 'amd64';
  const query = new URLSearchParams({ arch, platform: process.platform, format: 'tar.gz' });
  const unfinished = `${download.path}.${process.pid}.unfinished`;
  mkdirSync(unfinished, { recursive: true });
  try {
    download.progress(`downloading Temporal ${temporalVersions.cli}`);
    const info = await (await get(`${origin}/cli/v${temporalVersions.cli}?${query}`)).json();
    const { archiveUrl, fileToExtract } = info as { archiveUrl: string; fileToExtract: string };
    const archive = join(unfinished, 'archive.tar.gz');
    writeFileSync(archive, Buffer.from(await (await get(archiveUrl)).arrayBuffer()));
    await extract(keeper, archive, unfinished, fileToExtract, download.path);
    renameSync(join(unfinished, fileToExtract), download.path);
  } catch (error) {
    throw new Error(`${HELP} (${error instanceof Error ? error.message : String(error)})`, { cause: error });
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
}

const HELP =
  'Temporal could be neither built nor downloaded: install Go 1.26 or newer, or put `temporal` on the PATH, ' +
  'or name it by EBB_TEMPORAL_CLI, or name a running server by TEMPORAL_ADDRESS';

async function get(url: string): Promise<Response> {
  const response = await fetch(url, { signal: AbortSignal.timeout(10 * 60_000) });
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);
  return response;
}

async function extract(keeper: Keeper, archive: string, into: string, file: string, path: string): Promise<void> {
  const child = await keeper.run({
    file: '/usr/bin/env',
    args: ['tar', '-xzf', archive, '-C', into, file],
    env: buildEnvironment(),
    cwd: dirname(path),
    log: join(into, 'tar.log'),
    stdout: 'log',
    stopSignal: 'SIGTERM',
    graceMs: 1_000,
  });
  const exit = await child.exited;
  if (exit.code !== 0) throw new Error(`tar could not read ${archive}`);
}
