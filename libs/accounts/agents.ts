import { sql } from 'kysely';
import type { Reader } from '#libs/db/database';
import type { Network } from '#libs/money/assets';
import {
  asMint,
  asOwner,
  asTokenAccount,
  type Mint,
  type Owner,
  type TokenAccount,
  type TokenProgram,
} from '#libs/money/solana-types';

/** A token account that a treasury takes money in. It can take none before it is open. */
export interface TreasuryAccount {
  mint: Mint;
  tokenProgram: TokenProgram;
  tokenAccount: TokenAccount;
  openedAt: Date | null;
}

export type TreasuryKind = 'managed' | 'delegated' | 'self' | 'platform';

export interface Treasury {
  id: string;
  kind: TreasuryKind;
  /** The `pay_to` of offers. */
  owner: Owner;
  accounts: TreasuryAccount[];
}

/** An agent as one account has registered it. */
export interface Agent {
  id: string;
  accountId: string;
  network: Network;
  /** The agent's own mint, its name on the wire; not an asset. */
  mint: string;
  label: string;
  treasury: Treasury;
  createdAt: Date;
}

/** An account's agent by its mint, or null; another account's agent is null too. */
export async function getAgent(
  reader: Reader,
  wanted: { accountId: string; network: Network; mint: string },
): Promise<Agent | null> {
  const row = await agentRows(reader)
    .where('agents.account_id', '=', wanted.accountId)
    .where('agents.network', '=', wanted.network)
    .where('agents.mint', '=', wanted.mint)
    .executeTakeFirst();
  return row ? toAgent(row) : null;
}

/** An account's agents on a network, newest first; `before` is the id of the last agent already seen. */
export async function listAgents(
  reader: Reader,
  wanted: { accountId: string; network: Network; limit: number; before?: string },
): Promise<Agent[]> {
  let query = agentRows(reader)
    .where('agents.account_id', '=', wanted.accountId)
    .where('agents.network', '=', wanted.network)
    .orderBy('agents.created_at', 'desc')
    .orderBy('agents.id', 'desc')
    .limit(wanted.limit);
  if (wanted.before !== undefined) {
    // Compared in the database: a JavaScript date has lost the microseconds.
    query = query.where(
      sql<boolean>`(agents.created_at, agents.id) < (select created_at, id from agents where id = ${wanted.before} and account_id = ${wanted.accountId})`,
    );
  }
  return (await query.execute()).map(toAgent);
}

/** An agent by its internal id, whoever it belongs to: for workflows, never for callers. */
export async function agentById(reader: Reader, id: string): Promise<Agent | null> {
  const row = await agentRows(reader).where('agents.id', '=', id).executeTakeFirst();
  return row ? toAgent(row) : null;
}

/** A treasury by its id, whoever it belongs to: for workflows, never for callers. */
export async function treasuryById(
  reader: Reader,
  id: string,
): Promise<(Treasury & { accountId: string; network: Network }) | null> {
  const row = await reader
    .selectFrom('treasuries')
    .select(['id', 'kind', 'owner', 'account_id', 'network', accountsOf('treasuries.id')])
    .where('id', '=', id)
    .executeTakeFirst();
  if (!row) return null;
  return { ...toTreasury(row), accountId: row.account_id, network: row.network as Network };
}

interface AccountRow {
  mint: string;
  token_program: string;
  token_account: string;
  opened_at: string | null;
}

const accountsOf = (treasuryId: string) =>
  sql<AccountRow[]>`(select coalesce(json_agg(json_build_object('mint', a.mint, 'token_program', a.token_program,
    'token_account', a.token_account, 'opened_at', a.opened_at) order by a.mint), '[]')
    from treasury_accounts a where a.treasury_id = ${sql.ref(treasuryId)})`.as('accounts');

/** Agents with their treasuries, to be narrowed by the caller. */
export const agentRows = (reader: Reader) =>
  reader
    .selectFrom('agents')
    .innerJoin('treasuries', 'treasuries.id', 'agents.treasury_id')
    .select([
      'agents.id',
      'agents.account_id',
      'agents.network',
      'agents.mint',
      'agents.label',
      'agents.created_at',
      'treasuries.id as treasury_id',
      'treasuries.kind',
      'treasuries.owner',
      accountsOf('treasuries.id'),
    ]);

type AgentRow = Awaited<ReturnType<ReturnType<typeof agentRows>['execute']>>[number];

export const toAgent = (row: AgentRow): Agent => ({
  id: row.id,
  accountId: row.account_id,
  network: row.network as Network,
  mint: row.mint,
  label: row.label,
  treasury: toTreasury({ ...row, id: row.treasury_id }),
  createdAt: row.created_at,
});

const toTreasury = (row: { id: string; kind: string; owner: string; accounts: AccountRow[] }): Treasury => ({
  id: row.id,
  kind: row.kind as TreasuryKind,
  owner: asOwner(row.owner),
  accounts: row.accounts.map(account => ({
    mint: asMint(account.mint),
    tokenProgram: account.token_program as TokenProgram,
    tokenAccount: asTokenAccount(account.token_account),
    openedAt: account.opened_at === null ? null : new Date(account.opened_at),
  })),
});
