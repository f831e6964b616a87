import { randomBytes } from 'node:crypto';
import pg from 'pg';

/** A database of one's own in a server that others may use too. */
export interface ScratchDatabase {
  name: string;
  url: string;
  /** Removes it, whoever is still connected. */
  drop(): Promise<void>;
}

/** Makes an empty database, or a copy of another one that nobody is connected to. For tests and for tools, never for data. */
export async function scratchDatabase(serverUrl: string, template?: string): Promise<ScratchDatabase> {
  const name = `ebb_scratch_${randomBytes(6).toString('hex')}`;
  const from = template === undefined ? '' : ` template ${pg.escapeIdentifier(template)} strategy wal_log`;
  await once(serverUrl, `create database ${pg.escapeIdentifier(name)}${from}`);
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  return {
    name,
    url: url.href,
    async drop() {
      await untilLeft(serverUrl, name);
      await once(serverUrl, `drop database if exists ${pg.escapeIdentifier(name)} with (force)`);
    },
  };
}

const LEAVE_WITHIN_MS = 3_000;

/** A connection on its way out that is thrown out instead ends its process, where nobody listens to it any more. */
async function untilLeft(serverUrl: string, name: string): Promise<void> {
  const client = new pg.Client({ connectionString: serverUrl });
  client.on('error', () => undefined);
  await client.connect();
  try {
    const end = performance.now() + LEAVE_WITHIN_MS;
    while (performance.now() < end) {
      const { rowCount } = await client.query('select from pg_stat_activity where datname = $1 limit 1', [name]);
      if (rowCount === 0) return;
      await new Promise(resolve => setTimeout(resolve, 20));
    }
  } finally {
    await client.end();
  }
}

async function once(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
