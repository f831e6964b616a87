import pg from 'pg';
import type { Stack } from '#apps/dev/stack';

/** Asks the stack's database, on a connection of its own. */
export async function rows<T extends object>(stack: Stack, sql: string, values: unknown[] = []): Promise<T[]> {
  const client = new pg.Client({ connectionString: stack.urls.database });
  await client.connect();
  try {
    return (await client.query<T>(sql, values)).rows;
  } finally {
    await client.end();
  }
}
