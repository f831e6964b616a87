import { sql } from 'kysely';
import type { Database, Reader } from '#libs/db/database';
import { type Answer, type Ask, once } from '#libs/idempotency/once';
import { ASSETS } from '#libs/money/assets';
import { writeLine } from '#libs/outbox/lines';
import type { AgentDeps } from './create-agent.ts';
import type { Caller } from './find-caller.ts';
import { openTreasuryRows } from './treasury-rows.ts';

type Owner = Pick<Caller, 'accountId' | 'network'>;

/** An account's own treasury on one network: refunds with `source: "platform"` are paid from it. The wire's object. */
export interface PlatformTreasury {
  id: string;
  network: string;
  kind: string;
  /** Send tokens to this owner's associated accounts, which `accounts` names. */
  owner: string;
  status: 'opening' | 'open';
  accounts: { currency: string; asset: string; token_program: string; token_account: string; opened_at: string | null }[];
  created_at: string;
}

/** The account's platform treasury on the caller's network, or null. */
export async function platformTreasury(reader: Reader, owner: Owner): Promise<PlatformTreasury | null> {
  const row = await reader
    .selectFrom('treasuries')
    .selectAll()
    .where('account_id', '=', owner.accountId)
    .where('network', '=', owner.network)
    .where('kind', '=', 'platform')
    .executeTakeFirst();
  if (!row) return null;
  const accounts = await reader.selectFrom('treasury_accounts').selectAll().where('treasury_id', '=', row.id).execute();
  const inOrder = ASSETS.filter(asset => asset.network === owner.network).flatMap(asset =>
    accounts.filter(one => one.mint === asset.mint).map(one => ({ ...one, currency: asset.currency })),
  );
  return {
    id: row.id,
    network: row.network,
    kind: row.kind,
    owner: row.owner,
    status: accounts.every(one => one.opened_at !== null) ? 'open' : 'opening',
    accounts: inOrder.map(one => ({
      currency: one.currency,
      asset: one.mint,
      token_program: one.token_program,
      token_account: one.token_account,
      opened_at: one.opened_at?.toISOString() ?? null,
    })),
    created_at: row.created_at.toISOString(),
  };
}

/**
 * Makes the account's platform treasury on the caller's network: a key of ours, its token accounts opened by openTreasury, whose
 * line is in the same transaction. Answers 201, or 200 with the one that stands: an account has one, whoever asks at once.
 */
export function makePlatformTreasury(
  deps: AgentDeps & { db: Database },
  caller: Caller,
  ask: Ask<object>,
): Promise<Answer<PlatformTreasury>> {
  const { accountId, network } = caller;
  return deps.db.tx('api.account.treasury', tx =>
    once(tx, accountId, ask, async () => {
      await sql`select pg_advisory_xact_lock(hashtextextended(${`platform_treasury:${accountId}:${network}`}, 0))`.execute(tx);
      const standing = await platformTreasury(tx, caller);
      if (standing) return { status: 200, body: standing };
      const treasuryId = await openTreasuryRows(tx, deps, { accountId, network, kind: 'platform' });
      await writeLine(tx, {
        kind: 'start',
        workflowType: 'openTreasury',
        workflowId: `treasury:${treasuryId}`,
        input: { treasuryId, network, pace: deps.pace },
        search: { AccountId: accountId },
        summary: 'Open the token accounts of the platform treasury',
        accountId,
      });
      const made = await platformTreasury(tx, caller);
      if (!made) throw new Error(`platform treasury ${treasuryId} was not written`);
      return { status: 201, body: made };
    }),
  );
}
