import { sql } from 'kysely';
import type { Tx } from '#libs/db/database';
import type { Source } from './transfer.ts';
import { LedgerConflict, utcDay } from './transfer.ts';

/**
 * Takes back everything that was posted for one source under one signature, and has not been taken back: each transfer by
 * one of its own, sides changed, named after it. For a transaction that is proven gone. Safe to repeat. Returns how many.
 */
export async function reversePostings(tx: Tx, of: { source: Source; signature: string; at: Date }): Promise<number> {
  const { rows } = await sql<{ id: string }>`
    insert into ledger_transfers (id, kind, network, asset, amount, debit_account, debit_code, credit_account, credit_code,
      occurred_at, booked_on, source_type, source_id, signature, reverses)
    select t.id || ':reversal', 'single', t.network, t.asset, t.amount, t.credit_account, t.credit_code, t.debit_account,
      t.debit_code, ${of.at}::timestamptz, ${utcDay(of.at)}::date, t.source_type, t.source_id, t.signature, t.id
    from ledger_transfers t
    where t.source_type = ${of.source.type} and t.source_id = ${of.source.id} and t.signature = ${of.signature}
      and t.kind in ('single', 'post') and t.reverses is null
      and not exists (select from ledger_transfers r where r.reverses = t.id)
    order by t.created_at, t.id
    returning id`.execute(tx);
  return rows.length;
}

/**
 * Reserves anew what a reservation had reserved, after its posting was taken back: the same money, under an id of its own.
 * The same again is a no-op. Throws `LedgerConflict` where there is no such reservation.
 */
export async function renewReservation(tx: Tx, next: { id: string; of: string; at: Date }): Promise<void> {
  const { rows } = await sql<{ id: string }>`
    insert into ledger_transfers (id, kind, network, asset, amount, debit_account, debit_code, credit_account, credit_code,
      occurred_at, booked_on, source_type, source_id)
    select ${next.id}, 'pending', network, asset, amount, debit_account, debit_code, credit_account, credit_code,
      ${next.at}::timestamptz, ${utcDay(next.at)}::date, source_type, source_id
    from ledger_transfers where id = ${next.of} and kind = 'pending'
      and not exists (select from ledger_transfers where id = ${next.id})
    on conflict (id) do nothing
    returning id`.execute(tx);
  if (rows.length === 1) return;
  const standing = await sql`
    select from ledger_transfers t join ledger_transfers p on p.id = ${next.of} and p.kind = 'pending'
    where t.id = ${next.id} and t.kind = 'pending' and t.debit_account = p.debit_account and t.amount = p.amount`.execute(tx);
  if (standing.rows.length === 0) throw new LedgerConflict(`no reservation ${next.of} to renew as ${next.id}`);
}
