import { sql } from 'kysely';
import type { Reader } from '#libs/db/database';
import { type Atoms, atoms, mustAtoms } from '#libs/money/atoms';
import { accountName, type Side } from './chart.ts';

/** What became of a payment's money, in atoms. captured = refunded + reserved + refundable. */
export interface PaymentBalance {
  captured: Atoms;
  /** Posted debits (refunds and cashback, gross), without what was taken back by a reversal. */
  refunded: Atoms;
  /** Held by refunds and cashback that have not moved yet. */
  reserved: Atoms;
  refundable: Atoms;
}

/** The balances of payments by id; a payment without an account yet (not settled) has none in the answer. */
export async function paymentBalances(reader: Reader, paymentIds: readonly string[]): Promise<Map<string, PaymentBalance>> {
  const balances = new Map<string, PaymentBalance>();
  if (paymentIds.length === 0) return balances;
  const names = new Map(paymentIds.map(id => [accountName({ code: 'payment', object: id }), id]));
  const { rows } = await sql<{ account: string; captured: string; refunded: string; reserved: string; refundable: string }>`
    select account, captured::text, refunded::text, reserved::text, refundable::text
    from payment_balances where account = any(${[...names.keys()]}::text[])`.execute(reader);
  for (const row of rows) {
    const paymentId = names.get(row.account);
    if (paymentId === undefined) continue;
    balances.set(paymentId, {
      captured: mustAtoms(row.captured),
      refunded: mustAtoms(row.refunded),
      reserved: mustAtoms(row.reserved),
      refundable: mustAtoms(row.refundable),
    });
  }
  return balances;
}

/** The four sums of one account in one asset, in atoms. */
export interface AccountSums {
  debitsPosted: Atoms;
  creditsPosted: Atoms;
  debitsPending: Atoms;
  creditsPending: Atoms;
}

/** Sums an account from its transfers: for accounts without counters (treasuries and the like), and to check those with. */
export async function accountSums(reader: Reader, account: Side, asset: string): Promise<AccountSums> {
  const name = accountName(account);
  const { rows } = await sql<{ side: 'debit' | 'credit'; posted: string; pending: string }>`
    select side,
      coalesce(sum(amount) filter (where kind in ('single', 'post')), 0)::text as posted,
      (coalesce(sum(amount) filter (where kind = 'pending'), 0) - coalesce(sum(amount) filter (where kind in ('post', 'void')), 0))::text as pending
    from (
      select 'debit' as side, kind, amount from ledger_transfers where debit_account = ${name} and asset = ${asset}
      union all
      select 'credit', kind, amount from ledger_transfers where credit_account = ${name} and asset = ${asset}) entries
    group by side`.execute(reader);
  const of = (side: 'debit' | 'credit', column: 'posted' | 'pending') =>
    atoms(BigInt(rows.find(row => row.side === side)?.[column] ?? '0'));
  return {
    debitsPosted: of('debit', 'posted'),
    creditsPosted: of('credit', 'posted'),
    debitsPending: of('debit', 'pending'),
    creditsPending: of('credit', 'pending'),
  };
}
