import { renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { buildEnvironment } from '#libs/config/given';
import type { Keeper } from '../kept.ts';
import { projectRoot } from '../project.ts';
import { temporalVersions } from './settings.ts';

export interface TemporalBuild {
  go: string;
  /** Where the program is to stand. It appears there whole or not at all. */
  path: string;
  progress: (text: string) => void;
  module?: string;
}

const PROGRAM = 'github.com/temporalio/cli/cmd/temporal';
/** Where the program keeps its own version; without it, it calls itself 0.0.0-DEV. */
const VERSION_VARIABLE = 'github.com/temporalio/cli/internal/temporalcli.Version';

/** Builds Temporal's command line with Go. Returns null, or why it could not. */
export async function buildTemporal(keeper: Keeper, build: TemporalBuild): Promise<string | null> {
  const unfinished = `${build.path}.${process.pid}.unfinished`;
  const flags = ['-trimpath', '-v', '-ldflags', `-s -w -X ${VERSION_VARIABLE}=${temporalVersions.cli}`, '-o', unfinished];
  const child = await keeper.run({
    file: '/bin/sh', // Go tells its progress on standard error
    args: ['-c', 'exec "$0" "$@" 2>&1', build.go, 'build', ...flags, PROGRAM],
    env: { ...buildEnvironment(), CGO_ENABLED: '0' },
    cwd: build.module ?? join(projectRoot, 'apps', 'dev', 'temporal'),
    log: `${build.path}.log`,
    stdout: 'lines',
    stopSignal: 'SIGINT', // on which Go clears away its work folder
    graceMs: 5_000,
  });
  const stopTelling = tell(child.onLine.bind(child), build.progress);
  const said: string[] = [];
  child.onLine(line => said.push(line));
  const exit = await child.exited;
  stopTelling();
  rmSync(`${build.path}.log`, { force: true });
  if (exit.code !== 0) {
    rmSync(unfinished, { force: true });
    return `${exit.code ?? exit.signal}: ${said.slice(-3).join('; ')}`;
  }
  renameSync(unfinished, build.path);
  return null;
}

/** Go names each package as it compiles it, but not how many there will be. */
function tell(onLine: (reader: (line: string) => void) => () => void, progress: (text: string) => void): () => void {
  const began = performance.now();
  let packages = 0;
  const stopListening = onLine(line => {
    if (!line.includes(' ')) packages++;
  });
  progress(`building Temporal ${temporalVersions.cli} with Go, once per machine: about three minutes on two cores`);
  const timer = setInterval(() => {
    const what = packages === 0 ? 'fetching or linking' : `${packages} packages compiled`;
    progress(`building Temporal: ${what}, ${Math.round((performance.now() - began) / 1_000)} s`);
  }, 5_000);
  return () => {
    clearInterval(timer);
    stopListening();
  };
}
