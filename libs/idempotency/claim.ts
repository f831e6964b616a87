import { sql } from 'kysely';
import type { Tx } from '#libs/db/database';

/** Whose key it is and what it guards. `route` names the operation and its network: aliases share it, networks do not. */
export interface KeyUse {
  accountId: string;
  route: string;
  key: string;
  bodyHash: Buffer;
}

export interface KeptAnswer {
  status: number;
  body: unknown;
}

export type Claim = { kind: 'new' } | ({ kind: 'replay' } & KeptAnswer) | { kind: 'mismatch' } | { kind: 'in_flight' };

/**
 * Takes an idempotency key for this transaction, or says what became of it. Nothing is written: the claim commits with
 * what it guards, by `keep`, and a request that dies leaves no trace. Two requests meet at an advisory lock that ends
 * with the transaction; a key is forgotten after 24 h.
 */
export async function claim(tx: Tx, use: KeyUse): Promise<Claim> {
  const lock = await sql<{ held: boolean }>`
    select pg_try_advisory_xact_lock(hashtextextended(${lockName(use)}, 0)) as held`.execute(tx);
  if (lock.rows[0]?.held !== true) return { kind: 'in_flight' };
  // A statement of its own: only one begun under the lock sees what its last holder committed.
  const kept = await tx
    .selectFrom('idempotency_keys')
    .select(['body_hash', 'status', 'body'])
    .where('account_id', '=', use.accountId)
    .where('route', '=', use.route)
    .where('key', '=', use.key)
    .where('created_at', '>', sql<Date>`clock_timestamp() - interval '24 hours'`)
    .executeTakeFirst();
  if (!kept) return { kind: 'new' };
  if (!use.bodyHash.equals(kept.body_hash)) return { kind: 'mismatch' };
  return { kind: 'replay', status: kept.status, body: kept.body };
}

/** Keeps the answer under a key taken as new in this same transaction. Only 2xx: a refusal is judged again. */
export async function keep(tx: Tx, use: KeyUse, answer: KeptAnswer): Promise<void> {
  if (answer.status < 200 || answer.status > 299) throw new RangeError(`an answer of ${answer.status} is not kept`);
  const row = { status: answer.status, body: JSON.stringify(answer.body), body_hash: use.bodyHash };
  await tx
    .insertInto('idempotency_keys')
    .values({ account_id: use.accountId, route: use.route, key: use.key, ...row })
    // Only a forgotten one can be in the way.
    .onConflict(conflict =>
      conflict.columns(['account_id', 'route', 'key']).doUpdateSet({ ...row, created_at: sql<Date>`clock_timestamp()` }),
    )
    .execute();
}

const lockName = (use: KeyUse): string => JSON.stringify([use.accountId, use.route, use.key]);
