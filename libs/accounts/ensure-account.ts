import { sql } from 'kysely';
import type { Tx } from '#libs/db/database';
import type { Ids } from '#libs/ids/ids';

/** The id of the account of this name, made if there is none. For operators: names are theirs, and two at once get one account. */
export async function ensureAccount(tx: Tx, ids: Ids, name: string): Promise<string> {
  await sql`select pg_advisory_xact_lock(hashtextextended(${`account:${name}`}, 0))`.execute(tx);
  const standing = await tx
    .selectFrom('accounts')
    .select('id')
    .where('name', '=', name)
    .orderBy('created_at')
    .orderBy('id')
    .executeTakeFirst();
  if (standing) return standing.id;
  const id = ids.next('account');
  await tx.insertInto('accounts').values({ id, name }).execute();
  return id;
}
