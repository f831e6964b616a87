import { sql } from 'kysely';
import type { Tx } from '#libs/db/database';
import type { Code } from '#libs/ledger/chart';
import { transfer } from '#libs/ledger/transfer';
import type { Network } from '#libs/money/assets';
import { mustAtoms } from '#libs/money/atoms';
import type { Till } from './line.ts';

/** The name of the posting that a scan of the chain makes for what a transaction did to a till. */
export const seenId = (till: Till, signature: string): string => `seen:${till.treasuryId}:${till.mint}:${signature}`;

/**
 * Takes turns over what a transaction did to a till: whoever books it next sees what the other did. Returns the posting that
 * a scan has made for it and nobody has taken back, or null.
 */
export async function lockMovement(tx: Tx, till: Till, signature: string): Promise<string | null> {
  const { rows } = await sql<{ id: string | null }>`
    select lock_movement(${till.treasuryId}, ${till.mint}, ${signature}) as id`.execute(tx);
  return rows[0]?.id ?? null;
}

/**
 * A transaction turns out to be a payment's or a refund's: what a scan has booked for it is taken back, in the transaction
 * that books it where it belongs. A scan that comes later finds it known. Returns whether there was something to take back.
 */
export async function claimMovement(tx: Tx, till: Till, signature: string, at: Date): Promise<boolean> {
  const id = await lockMovement(tx, till, signature);
  await sql`delete from movements_left where treasury_id = ${till.treasuryId} and mint = ${till.mint} and signature = ${signature}`.execute(
    tx,
  );
  if (id === null) return false;
  const seen = await tx.selectFrom('ledger_transfers').selectAll().where('id', '=', id).executeTakeFirstOrThrow();
  const side = (code: string, account: string) => ({ code: code as Code, object: account.slice(code.length + 1) });
  await transfer(tx, {
    id: `${id}:matched`,
    kind: 'single',
    network: seen.network as Network,
    asset: seen.asset,
    amount: mustAtoms(seen.amount),
    debit: side(seen.credit_code, seen.credit_account),
    credit: side(seen.debit_code, seen.debit_account),
    occurredAt: at,
    source: { type: seen.source_type, id: seen.source_id },
    signature,
    reverses: id,
  });
  return true;
}
