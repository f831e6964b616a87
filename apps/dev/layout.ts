import { randomUUID } from 'node:crypto';
import { chmodSync, existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { ensureDirectory, reachableByAll, sharedTemporaryDirectory } from './cache.ts';
import { freePort } from './ports.ts';

const PORTS = [
  'postgres',
  'temporal',
  'temporalUi',
  'localnet',
  'localnetAdmin',
  'localnetLagging',
  'facilitator',
  'api',
] as const;
export type Ports = Record<(typeof PORTS)[number], number>;

/** Where one stack keeps what it has. */
export interface Layout {
  directory: string;
  /** Gone with the stack. */
  temporary: boolean;
  postgres: string;
  temporalFile: string;
  localnetFile: string;
  secretsFile: string;
  /** Held by the process whose stack it is, and by its keeper: until the last part has ended. */
  ownerFile: string;
  lockFile: string;
  log(part: string): string;
}

/** A named folder keeps its data from run to run; without a name a temporary one is made. */
export function layOut(dataDirectory: string | undefined): Layout {
  const temporary = dataDirectory === undefined;
  const directory = temporary ? temporaryDirectory() : ensureDirectory(resolve(dataDirectory), 0o755);
  const logs = ensureDirectory(join(directory, 'logs'));
  return {
    directory,
    temporary,
    postgres: postgresDirectory(directory),
    temporalFile: join(directory, 'temporal.sqlite'),
    localnetFile: join(directory, 'localnet.sqlite'),
    secretsFile: join(directory, 'secrets.json'),
    ownerFile: join(directory, 'owner'),
    lockFile: join(directory, 'lock'),
    log: part => join(logs, `${part}.log`),
  };
}

function temporaryDirectory(): string {
  const directory = mkdtempSync(join(sharedTemporaryDirectory(), 'ebb-'));
  if (process.getuid?.() === 0) chmodSync(directory, 0o711); // PostgreSQL, as somebody else, passes through it
  return directory;
}

/**
 * Beside the rest; but as root, in a folder that PostgreSQL's user cannot enter, where it can. Its name is drawn once and
 * kept in this folder, so that a new folder of the same name does not find the data of an old one, without its secrets.
 */
function postgresDirectory(directory: string): string {
  if (process.getuid?.() !== 0 || reachableByAll(directory)) return join(directory, 'postgres');
  const file = join(directory, 'postgres-is-at');
  if (!existsSync(file)) writeFileSync(file, join('/var/lib/ebb', randomUUID(), 'postgres'));
  const path = readFileSync(file, 'utf8');
  ensureDirectory(dirname(path));
  return path;
}

/** A port for each part; the ones of the last run where they are still free, so that links and bookmarks stay good. */
export async function portsFor(layout: Layout, wanted: Partial<Ports>): Promise<Ports> {
  const file = join(layout.directory, 'ports.json');
  const last = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Partial<Ports>) : {};
  const ports = Object.fromEntries(
    await Promise.all(PORTS.map(async part => [part, await freePort(wanted[part] ?? last[part])])),
  ) as Ports;
  if (!layout.temporary) writeFileSync(file, `${JSON.stringify(ports, null, 2)}\n`);
  return ports;
}
