import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { quietSteps } from '#libs/steps/steps';
import { useDatabase } from '#test/support/database';
import { isOutage, openDatabase } from './database.ts';

const at = useDatabase();

test('a connection that PostgreSQL ends between two statements is an outage, not the end of the process', async () => {
  const lost: Error[] = [];
  const db = openDatabase(at.url, { max: 1, steps: quietSteps, onError: error => lost.push(error) });
  try {
    const work = db.tx('settle.wait', async tx => {
      const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(tx);
      await sql`select pg_terminate_backend(${rows[0]?.pid ?? 0})`.execute(at.db.read);
      // The end reaches us while no statement of ours is under way.
      while (lost.length === 0) await new Promise(resolve => setTimeout(resolve, 5));
      await sql`select 1`.execute(tx);
    });
    await expect(work).rejects.toSatisfy(isOutage);
    expect((await sql<{ one: number }>`select 1 as one`.execute(db.read)).rows).toEqual([{ one: 1 }]);
  } finally {
    await db.close();
  }
});

test('a transaction that meets a deadlock is tried again', async () => {
  await sql`create table if not exists tried (n int)`.execute(at.db.read);
  let tries = 0;
  await at.db.tx('settle.wait', async tx => {
    tries++;
    await sql`insert into tried values (${tries})`.execute(tx);
    if (tries < 3) await sql`do $$ begin raise exception 'again' using errcode = '40P01'; end $$`.execute(tx);
  });
  const { rows } = await sql<{ n: number }>`select n from tried`.execute(at.db.read);
  expect(rows).toEqual([{ n: 3 }]);
});
