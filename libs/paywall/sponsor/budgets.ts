import { sql } from 'kysely';
import type { Reader, Tx } from '#libs/db/database';
import type { Network } from '#libs/money/assets';

/** What the sponsor spends at most, in lamports over the last hour and the last 24 hours. */
export interface Limits {
  hour: bigint;
  day: bigint;
}

export interface Budgets {
  /** Whoever authorised the transfer: a wallet is made in a moment, so this only slows one down. */
  payer: Limits;
  /** Whoever is paid: this one bounds the loss. */
  account: Limits;
}

/** On whose budgets a settlement counts. */
export interface Spender {
  network: Network;
  payer: string;
  account: string;
}

export type BudgetVerdict = { kind: 'within' } | { kind: 'spent'; whose: 'payer' | 'account' };

/**
 * Whether so many more lamports stay within both budgets. Exact only for who holds `lockBudgets`; without it a preview.
 */
export async function judgeBudgets(reader: Reader, budgets: Budgets, spender: Spender, lamports: bigint): Promise<BudgetVerdict> {
  for (const whose of ['account', 'payer'] as const) {
    const { hour, day } = await spent(reader, spender, whose);
    if (hour + lamports > budgets[whose].hour || day + lamports > budgets[whose].day) return { kind: 'spent', whose };
  }
  return { kind: 'within' };
}

/** Until the transaction ends nobody else spends from these budgets. Always account before payer. */
export async function lockBudgets(tx: Tx, { network, account, payer }: Spender): Promise<void> {
  for (const name of [`sponsor:${network}:account:${account}`, `sponsor:${network}:payer:${payer}`]) {
    await sql`select pg_advisory_xact_lock(hashtextextended(${name}, 0))`.execute(tx);
  }
}

async function spent(reader: Reader, spender: Spender, whose: 'payer' | 'account'): Promise<Limits> {
  const sums = await reader
    .selectFrom('facilitator_settlements')
    .select([
      sql<string>`coalesce(sum(lamports) filter (where created_at > now() - interval '1 hour'), 0)`.as('hour'),
      sql<string>`coalesce(sum(lamports), 0)`.as('day'),
    ])
    .where('network', '=', spender.network)
    .where(whose, '=', spender[whose])
    .where('created_at', '>', sql<Date>`now() - interval '24 hours'`)
    .executeTakeFirstOrThrow();
  return { hour: BigInt(sums.hour), day: BigInt(sums.day) };
}
