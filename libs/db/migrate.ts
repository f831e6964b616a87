import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import pg from 'pg';

export interface Migration {
  name: string;
  sql: string;
  checksum: string;
}

/** One lock for all who migrate one database at once. */
const MIGRATION_LOCK = 0x65626201;

/** The migrations that come with this build, in order. They are plain SQL beside the package's root. */
export function readMigrations(folder = migrationsFolder()): Migration[] {
  return readdirSync(folder)
    .filter(name => name.endsWith('.sql'))
    .sort()
    .map(name => {
      const sql = readFileSync(join(folder, name), 'utf8');
      return { name, sql, checksum: createHash('sha256').update(sql).digest('hex') };
    });
}

/**
 * Brings a database up to date: each migration in a transaction of its own, all under one advisory lock. Returns the
 * names applied. Throws when an applied migration was changed since, or is unknown to this build.
 */
export async function migrate(url: string, migrations = readMigrations()): Promise<string[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query('select pg_advisory_lock($1)', [MIGRATION_LOCK]);
    await client.query(
      'create table if not exists migrations (name text primary key, checksum text not null, applied_at timestamptz not null default now())',
    );
    const { rows } = await client.query<{ name: string; checksum: string }>(
      'select name, checksum from migrations order by name',
    );
    const known = new Map(migrations.map(one => [one.name, one.checksum]));
    for (const row of rows) {
      if (!known.has(row.name)) throw new Error(`the database has migration ${row.name}, which this build does not know`);
      if (known.get(row.name) !== row.checksum) throw new Error(`migration ${row.name} was changed after it was applied`);
    }
    const done = new Set(rows.map(row => row.name));
    const applied: string[] = [];
    for (const one of migrations.filter(migration => !done.has(migration.name))) {
      await client.query('begin');
      try {
        await client.query(one.sql);
        await client.query('insert into migrations (name, checksum) values ($1, $2)', [one.name, one.checksum]);
        await client.query('commit');
      } catch (error) {
        await client.query('rollback');
        throw new Error(`migration ${one.name} failed`, { cause: error });
      }
      applied.push(one.name);
    }
    return applied;
  } finally {
    await client.end();
  }
}

/** From source and from dist alike: the folder stands beside the package's root. */
function migrationsFolder(): string {
  let folder = import.meta.dirname;
  while (true) {
    const candidate = join(folder, 'libs', 'db', 'migrations');
    try {
      readdirSync(candidate);
      if (!candidate.includes(`${join('dist', 'libs')}`)) return candidate;
    } catch {}
    const parent = dirname(folder);
    if (parent === folder) throw new Error('no migrations beside this build');
    folder = parent;
  }
}
