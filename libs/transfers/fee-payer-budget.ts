import { sql } from 'kysely';
import type { Reader, Tx } from '#libs/db/database';

/** What our fee payer signs for at most on one account's behalf, in lamports over the last hour and the last 24 hours. */
export interface FeePayerBudget {
  hour: bigint;
  day: bigint;
}

export interface Spend {
  /** An attempt's, or `open:` and a treasury's: the same spend again is the same row. */
  id: string;
  accountId: string;
  network: string;
  /** What it costs at most: fees, and rent of accounts that it opens. */
  lamports: bigint;
}

/**
 * Notes what is about to be signed for, if it stays within the account's budget; false, and nothing written, if not. What was
 * signed counts, landed or not, so a failing transaction cannot be signed for ever. Those who sign at the same moment do not
 * see each other: the budget may be overshot by what is being signed just now, which bounds a loss as well.
 */
export async function spendWithin(tx: Tx, budget: FeePayerBudget, spend: Spend): Promise<boolean> {
  const lamports = String(spend.lamports);
  const { rows } = await sql<{ within: boolean }>`
    with spent as (
      select coalesce(sum(lamports) filter (where created_at > now() - interval '1 hour'), 0) as hour, coalesce(sum(lamports), 0) as day
      from fee_payer_spends where account_id = ${spend.accountId} and network = ${spend.network}
        and created_at > now() - interval '24 hours'),
    noted as (
      insert into fee_payer_spends (id, account_id, network, lamports)
      select ${spend.id}, ${spend.accountId}, ${spend.network}, ${lamports}::bigint from spent
      where hour + ${lamports}::bigint <= ${String(budget.hour)}::numeric and day + ${lamports}::bigint <= ${String(budget.day)}::numeric
      on conflict (id) do nothing returning id)
    select exists (select from noted) or exists (select from fee_payer_spends where id = ${spend.id}) as within`.execute(tx);
  return rows[0]?.within === true;
}

/** The same question without noting anything: what would be signed for now. */
export async function wouldSpend(reader: Reader, budget: FeePayerBudget, spend: Omit<Spend, 'id'>): Promise<boolean> {
  const { rows } = await sql<{ hour: string; day: string }>`
    select coalesce(sum(lamports) filter (where created_at > now() - interval '1 hour'), 0)::text as hour, coalesce(sum(lamports), 0)::text as day
    from fee_payer_spends where account_id = ${spend.accountId} and network = ${spend.network}
      and created_at > now() - interval '24 hours'`.execute(reader);
  const spent = { hour: BigInt(rows[0]?.hour ?? '0'), day: BigInt(rows[0]?.day ?? '0') };
  return spent.hour + spend.lamports <= budget.hour && spent.day + spend.lamports <= budget.day;
}

/** What was noted in this transaction is not signed after all. */
export async function dropSpend(tx: Tx, id: string): Promise<void> {
  await tx.deleteFrom('fee_payer_spends').where('id', '=', id).execute();
}
