import { sql } from 'kysely';
import type { Reader, Tx } from '#libs/db/database';
import type { WaitReason } from '#libs/states/waiting';
import type { Waiter } from './grants.ts';

/** One treasury's money in one asset. */
export interface Till {
  treasuryId: string;
  mint: string;
}

/** Reasons that pass by themselves: whoever waits for one keeps their claim to the money meanwhile. */
const CLAIMING: readonly WaitReason[] = ['insufficient_funds', 'rpc_unavailable', 'not_yet_sent', 'sponsor_short'];

/** More than this many are not looked at: those behind come up as the line moves. */
const MAX_LINE = 1_000;

/**
 * The line, oldest first; one place per refund, and only of those that would be signed if the money were there. `except` is
 * left out. Who waits for something else meanwhile keeps the place in the table, and takes nothing.
 */
export async function readLine(reader: Reader, till: Till): Promise<(Waiter & { wokenAt: Date | null })[]> {
  const { rows } = await sql<{ id: string; amount: string; passed: string; woken_at: Date | null }>`
    select q.refund_id as id, q.amount::text, q.passed::text, q.woken_at
    from funds_queue q join refunds r on r.id = q.refund_id
    where q.treasury_id = ${till.treasuryId} and q.mint = ${till.mint}
      and r.waiting ->> 'reason' = any(${CLAIMING as string[]}::text[])
    order by q.since, q.refund_id limit ${MAX_LINE}`.execute(reader);
  return rows.map(row => ({ id: row.id, amount: BigInt(row.amount), passed: BigInt(row.passed), wokenAt: row.woken_at }));
}

/**
 * Takes turns over the till until the transaction ends (after the refund's own lock, never before it). Returns what of its
 * balance at this slot is taken by what is signed (without a slot: by what is in flight), `legId` left out, and whether anybody
 * stands in line.
 */
export async function lockFunds(
  tx: Tx,
  till: Till,
  slot: bigint | null,
  legId = '',
): Promise<{ taken: bigint; queued: boolean }> {
  const { rows } = await sql<{ taken: string; queued: boolean }>`
    select taken::text, queued from lock_funds(${till.treasuryId}, ${till.mint}, ${slot === null ? null : String(slot)}::bigint, ${legId})`.execute(
    tx,
  );
  const [row] = rows;
  if (!row) throw new Error('lock_funds said nothing');
  return { taken: BigInt(row.taken), queued: row.queued };
}

/** The same without taking turns: for looks that decide nothing. */
export async function takenFunds(reader: Reader, till: Till, slot: bigint | null): Promise<bigint> {
  const { rows } = await sql<{ taken: string }>`
    select taken_funds(${till.treasuryId}, ${till.mint}, ${slot === null ? null : String(slot)}::bigint, '')::text as taken`.execute(
    reader,
  );
  return BigInt(rows[0]?.taken ?? '0');
}
