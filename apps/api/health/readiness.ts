import { Connection } from '@temporalio/client';
import { sql } from 'kysely';
import { readMigrations } from '#libs/db/migrate';
import { CAIP2, NETWORKS, type Network } from '#libs/money/assets';
import { temporalAddress } from '#workflows/client/connect';
import type { ApiParts } from '../parts.ts';

/** A part that the API cannot do its work without, and what is wrong with it. */
export interface Lack {
  part: string;
  reason: string;
}

const CHECK_TIMEOUT_MS = 3_000;

/** Asks every part at once whether it is there; returns what is missing. */
export async function missing(parts: ApiParts): Promise<Lack[]> {
  const checks: [string, () => Promise<string | null>][] = [
    ['database', () => database(parts)],
    ['temporal', () => parts.steps('api.ready.temporal', () => temporal(parts))],
    ...configured(parts).flatMap((network): [string, () => Promise<string | null>][] => [
      [`chain ${network}`, () => chain(parts, network)],
      [`facilitator ${network}`, () => facilitator(parts, network)],
    ]),
  ];
  if (configured(parts).length === 0) checks.push(['chain', async () => 'no network has an RPC configured']);
  const found = await Promise.all(
    checks.map(async ([part, check]) => {
      const reason = await within(check()).catch(told);
      return reason === null ? [] : [{ part, reason }];
    }),
  );
  return found.flat();
}

const configured = (parts: ApiParts): Network[] => NETWORKS.filter(network => parts.chains.has(network));

async function database(parts: ApiParts): Promise<string | null> {
  const { rows } = await sql<{ name: string; checksum: string }>`select name, checksum from migrations`.execute(parts.db.read);
  const applied = new Map(rows.map(row => [row.name, row.checksum]));
  const wanted = readMigrations().filter(one => applied.get(one.name) !== one.checksum);
  return wanted.length === 0 ? null : `migrations are not applied: ${wanted.map(one => one.name).join(', ')}`;
}

async function temporal(parts: ApiParts): Promise<string | null> {
  if (parts.config.TEMPORAL_ADDRESS === undefined) return 'TEMPORAL_ADDRESS is not set';
  const connection = await Connection.connect({ ...temporalAddress(parts.config), connectTimeout: CHECK_TIMEOUT_MS });
  try {
    await connection.workflowService.describeNamespace({ namespace: parts.config.TEMPORAL_NAMESPACE });
    return null;
  } finally {
    await connection.close();
  }
}

/** The port itself refuses a node of another chain: money must never move on another than the key's prefix says. */
async function chain(parts: ApiParts, network: Network): Promise<string | null> {
  const port = parts.chains.get(network);
  if (port === undefined) return 'no RPC is configured';
  await port.ask('api.ready.chain', rpc => rpc.getGenesisHash());
  return null;
}

async function facilitator(parts: ApiParts, network: Network): Promise<string | null> {
  const port = parts.facilitators.get(network);
  if (port === undefined) return 'no facilitator is configured';
  const answer = await port.supported('api.ready.facilitator');
  if (answer.kind === 'unavailable') return 'not reachable';
  return answer.feePayers[network].length > 0 ? null : `it does not serve ${CAIP2[network]}`;
}

function within(check: Promise<string | null>): Promise<string | null> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<string>(resolve => {
    timer = setTimeout(resolve, CHECK_TIMEOUT_MS, `no answer in ${CHECK_TIMEOUT_MS} ms`);
  });
  return Promise.race([check, late]).finally(() => clearTimeout(timer));
}

/** Only the kind of failure: an error's own words may hold addresses and credentials. */
function told(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? ` (${String(error.code)})` : '';
  return `not reachable${code}`;
}
