import { sql } from 'kysely';
import type { Reader, Tx } from '#libs/db/database';
import { OVER_BUDGET } from '#libs/states/waiting';

/** Takes turns, until the transaction ends, with whoever else judges who waits for the SOL of a network's fee payer. */
export async function lockSponsor(tx: Tx, network: string): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended(${`sponsor:${network}`}, 0))`.execute(tx);
}

/** Refunds of a network that wait for SOL for their network fee, oldest first. */
export async function sponsorLine(reader: Reader, network: string, limit: number): Promise<{ id: string; accountId: string }[]> {
  const rows = await reader
    .selectFrom('refunds')
    .select(['id', 'account_id'])
    .where('network', '=', network)
    .where(sql<boolean>`waiting ->> 'reason' = 'sponsor_short' and waiting ->> 'ends_when' <> ${OVER_BUDGET.ends_when}`)
    .orderBy('created_at')
    .orderBy('id')
    .limit(limit)
    .execute();
  return rows.map(row => ({ id: row.id, accountId: row.account_id }));
}
