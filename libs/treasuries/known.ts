import { sql } from 'kysely';
import type { Reader } from '#libs/db/database';
import type { Movement } from './movement.ts';

/** A treasury's token account, as the scan of its history needs it. */
export interface ScannedAccount {
  treasuryId: string;
  kind: string;
  owner: string;
  accountId: string;
  network: string;
  mint: string;
  tokenAccount: string;
}

/**
 * Of these transactions those that are booked by whoever made them: payments into this account, and attempts of refunds out
 * of it. A payment that has failed booked nothing, nor has an attempt that is called dead.
 */
export async function knownSignatures(reader: Reader, of: ScannedAccount, signatures: readonly string[]): Promise<Set<string>> {
  if (signatures.length === 0) return new Set();
  const { rows } = await sql<{ signature: string }>`
    select tx_sig as signature from payments
    where tx_sig = any(${signatures as string[]}::text[]) and pay_to_account = ${of.tokenAccount} and status <> 'failed'
    union
    select t.signature from attempts t
    where t.signature = any(${signatures as string[]}::text[]) and t.treasury_id = ${of.treasuryId} and t.outcome <> 'dead'
      and exists (select from attempt_legs al join legs l on l.id = al.leg_id join refunds r on r.id = l.refund_id
        where al.attempt_id = t.id and r.asset = ${of.mint})`.execute(reader);
  return new Set(rows.map(row => row.signature));
}

/** The payment into this account that bears this message, whatever signature it landed under; a failed one left out. */
export async function paymentOf(
  reader: Reader,
  of: ScannedAccount,
  movement: Movement,
): Promise<{ id: string; status: string } | null> {
  if (movement.change < 0n || movement.messageHash === null) return null;
  const row = await reader
    .selectFrom('payments')
    .select(['id', 'status'])
    .where('message_hash', '=', movement.messageHash)
    .where('pay_to_account', '=', of.tokenAccount)
    .where('status', '<>', 'failed')
    .executeTakeFirst();
  return row ?? null;
}
