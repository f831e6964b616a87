import { sql } from 'kysely';
import type { Tx } from '#libs/db/database';
import type { Network } from '#libs/money/assets';
import type { Atoms } from '#libs/money/atoms';
import { accountName, type Side } from './chart.ts';

/** What a posting is about: a payment, refund, leg, …, by its id. */
export interface Source {
  type: string;
  id: string;
}

export interface NewTransfer {
  /** Chosen by the caller: the posting's idempotency key. */
  id: string;
  /** `pending` reserves, until `post` or `voidPending` resolves it; `single` moves at once. */
  kind: 'single' | 'pending';
  network: Network;
  /** The mint; `SOL` for lamports. */
  asset: string;
  /** At least one atom. */
  amount: Atoms;
  debit: Side;
  credit: Side;
  /** Block time for what the chain did; its UTC day is the day of the books. */
  occurredAt: Date;
  source: Source;
  signature?: string;
  /** The id of the transfer this one takes back; each can be taken back once. */
  reverses?: string;
}

/** The id stands in the books already, with other content. A defect of the caller. */
export class LedgerConflict extends Error {
  override name = 'LedgerConflict';
}

/**
 * Writes one transfer. The same transfer again (at whatever time it is said to have occurred) is a no-op and returns `again`;
 * the same id with other content throws `LedgerConflict`. A debit of a payment beyond its credits fails in the database: `violatedConstraint(error)` is
 * `never_over`; on a closed day, `books_closed`. Both end the transaction.
 */
export async function transfer(tx: Tx, entry: NewTransfer): Promise<'written' | 'again'> {
  const row = {
    id: entry.id,
    kind: entry.kind,
    network: entry.network,
    asset: entry.asset,
    amount: entry.amount.toString(),
    debit_account: accountName(entry.debit),
    debit_code: entry.debit.code,
    credit_account: accountName(entry.credit),
    credit_code: entry.credit.code,
    occurred_at: entry.occurredAt,
    booked_on: utcDay(entry.occurredAt),
    source_type: entry.source.type,
    source_id: entry.source.id,
    signature: entry.signature ?? null,
    reverses: entry.reverses ?? null,
  };
  // Looked for first, so that a repeat is not judged again by the triggers (its day may be closed by now).
  const { rows } = await sql<{ id: string }>`
    insert into ledger_transfers (id, kind, network, asset, amount, debit_account, debit_code, credit_account, credit_code,
      occurred_at, booked_on, source_type, source_id, signature, reverses)
    select ${row.id}, ${row.kind}, ${row.network}, ${row.asset}, ${row.amount}::numeric, ${row.debit_account}, ${row.debit_code},
      ${row.credit_account}, ${row.credit_code}, ${row.occurred_at}::timestamptz, ${row.booked_on}::date, ${row.source_type},
      ${row.source_id}, ${row.signature}, ${row.reverses}
    where not exists (select from ledger_transfers where id = ${row.id})
    on conflict (id) do nothing
    returning id`.execute(tx);
  if (rows.length === 1) return 'written';

  const same = await sql<{ same: boolean }>`
    select kind = ${row.kind} and network = ${row.network} and asset = ${row.asset} and amount = ${row.amount}::numeric
      and debit_account = ${row.debit_account} and credit_account = ${row.credit_account}
      and source_type = ${row.source_type} and source_id = ${row.source_id}
      and signature is not distinct from ${row.signature} and reverses is not distinct from ${row.reverses} as same
    from ledger_transfers where id = ${row.id}`.execute(tx);
  if (same.rows[0]?.same !== true) throw new LedgerConflict(`ledger transfer ${row.id} exists with other content`);
  return 'again';
}

/** YYYY-MM-DD of a moment in UTC. */
export const utcDay = (moment: Date): string => moment.toISOString().slice(0, 10);
