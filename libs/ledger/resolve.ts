import { sql } from 'kysely';
import type { Tx } from '#libs/db/database';
import { LedgerConflict, utcDay } from './transfer.ts';

export interface Resolution {
  /** The id of this posting, chosen by the caller. */
  id: string;
  /** The pending transfer it resolves, in its whole amount. */
  pendingId: string;
  occurredAt: Date;
  signature?: string;
}

/** Turns a pending transfer into a posted one: the money moved. See `resolve` below for repeats. */
export const post = (tx: Tx, resolution: Resolution): Promise<'written' | 'again'> => resolve(tx, 'post', resolution);

/** Gives a pending transfer's money back to be reserved anew: it is proven not to have moved. */
export const voidPending = (tx: Tx, resolution: Omit<Resolution, 'signature'>): Promise<'written' | 'again'> =>
  resolve(tx, 'void', resolution);

/**
 * The same resolution again, at whatever time, is a no-op and returns `again`. A pending transfer resolves once: the same id with other
 * content, another id, or post after void, throws `LedgerConflict`; so does resolving what is not pending.
 */
async function resolve(tx: Tx, kind: 'post' | 'void', resolution: Resolution): Promise<'written' | 'again'> {
  const { id, pendingId } = resolution;
  const signature = resolution.signature ?? null;
  // The lock makes two who resolve one transfer take turns; the unique index would fail the second instead of telling it.
  const held = await sql<{ id: string }>`
    select id from ledger_transfers where id = ${pendingId} and kind = 'pending' for no key update`.execute(tx);
  if (held.rows.length === 0) throw new LedgerConflict(`no pending transfer ${pendingId}`);

  const { rows } = await sql<{ id: string }>`
    insert into ledger_transfers (id, kind, pending_id, network, asset, amount, debit_account, debit_code, credit_account,
      credit_code, occurred_at, booked_on, source_type, source_id, signature)
    select ${id}, ${kind}, p.id, p.network, p.asset, p.amount, p.debit_account, p.debit_code, p.credit_account, p.credit_code,
      ${resolution.occurredAt}::timestamptz, ${utcDay(resolution.occurredAt)}::date, p.source_type, p.source_id, ${signature}
    from ledger_transfers p
    where p.id = ${pendingId}
      and not exists (select from ledger_transfers r where r.pending_id = p.id)
    on conflict (id) do nothing
    returning id`.execute(tx);
  if (rows.length === 1) return 'written';

  const standing = await sql<{ same: boolean }>`
    select kind = ${kind} and pending_id = ${pendingId} and signature is not distinct from ${signature} as same
    from ledger_transfers where id = ${id}`.execute(tx);
  if (standing.rows[0]?.same !== true) throw new LedgerConflict(`${kind} ${id}: transfer ${pendingId} is resolved otherwise`);
  return 'again';
}
