import type { Address } from '@solana/kit';
import { sql } from 'kysely';
import { type Chain, ChainUnavailable } from '#libs/chain/chain';
import { readTokenAccount } from '#libs/chain/token-account';
import { isOutage } from '#libs/db/database';
import type { Till } from '#libs/funds/line';
import type { Network } from '#libs/money/assets';
import type { Parts } from '#libs/parts';
import type { Mark } from '#libs/transfers/prove';
import type { ScannedAccount } from './known.ts';
import { type Held, scanAccount } from './scan.ts';

/** `getMultipleAccounts` takes this many. */
const AT_ONCE = 100;
/** An account whose balance has not changed is read this often all the same: what came may have gone again. */
const AT_LEAST_EVERY_MS = 600_000;

interface Row extends ScannedAccount {
  cursor: Mark | null;
  /**
   * To be read though its balance is the same: a refund has left it since, perhaps paid by what had just come in; or something
   * was left to a payment that may end without booking it.
   */
  stirred: boolean;
  scannedBalance: bigint | null;
  scannedAt: Date | null;
}

/**
 * Scans the treasuries whose balance at `finalized` is another than at their last scan or that paid a refund since, and each
 * of them now and then. One
 * network's trouble, or one account's, is not another's. Returns how many movements were booked.
 */
export async function scanTreasuries(parts: Parts, beat: () => void): Promise<{ booked: number }> {
  let booked = 0;
  for (const [network, chain] of parts.chains) {
    for (let after = ''; ; ) {
      const rows = await openAccounts(parts, network, after);
      const last = rows.at(-1);
      if (last === undefined) break;
      after = last.tokenAccount;
      booked += await scanChanged(parts, chain, rows, beat);
    }
  }
  return { booked };
}

/** Scans one treasury's account now. A chain that does not answer is left to the next time. */
export async function scanTill(parts: Parts, till: Till): Promise<void> {
  const rows = await accountRows(parts, sql`ta.treasury_id = ${till.treasuryId} and ta.mint = ${till.mint}`);
  for (const row of rows) {
    const chain = parts.chains.get(row.network as Network);
    if (chain) await scanChanged(parts, chain, [row], () => undefined);
  }
}

async function scanChanged(parts: Parts, chain: Chain, rows: readonly Row[], beat: () => void): Promise<number> {
  let booked = 0;
  try {
    const { context, value } = await chain.ask('treasury.scan', rpc =>
      rpc.getMultipleAccounts(
        rows.map(row => row.tokenAccount as Address),
        { encoding: 'base64', commitment: 'finalized' },
      ),
    );
    const stale = parts.clock.now().getTime() - AT_LEAST_EVERY_MS;
    for (const [at, row] of rows.entries()) {
      beat();
      const balance = readTokenAccount(value[at])?.amount ?? 0n;
      if (balance === row.scannedBalance && !row.stirred && (row.scannedAt?.getTime() ?? 0) > stale) continue;
      booked += await scanOne(parts, chain, row, { balance, slot: BigInt(context.slot) });
    }
  } catch (error) {
    if (!(error instanceof ChainUnavailable)) throw error;
    parts.log.warn({ network: chain.network, err: error }, 'treasuries cannot be scanned now');
  }
  return booked;
}

/** What stands in the way of one account (a transaction that no node explains, say) is told, and no other's: it is read again. */
async function scanOne(parts: Parts, chain: Chain, row: Row, held: Held): Promise<number> {
  try {
    return await scanAccount(parts, chain, row, row.cursor, held);
  } catch (error) {
    if (error instanceof ChainUnavailable || isOutage(error)) throw error;
    parts.log.error({ treasury_id: row.treasuryId, mint: row.mint, err: error }, 'a treasury cannot be scanned');
    return 0;
  }
}

const openAccounts = (parts: Parts, network: string, after: string): Promise<Row[]> =>
  accountRows(parts, sql`t.network = ${network} and ta.opened_at is not null and ta.token_account > ${after}`);

async function accountRows(parts: Parts, where: ReturnType<typeof sql>): Promise<Row[]> {
  const { rows } = await sql<{
    treasury_id: string;
    kind: string;
    owner: string;
    account_id: string;
    network: string;
    mint: string;
    token_account: string;
    scanned_slot: string | null;
    scanned_height: string | null;
    scanned_balance: string | null;
    scanned_at: Date | null;
    stirred: boolean;
  }>`
    select ta.treasury_id, t.kind, t.owner, t.account_id, t.network, ta.mint, ta.token_account, ta.scanned_slot::text,
      ta.scanned_height::text, ta.scanned_balance::text, ta.scanned_at,
      exists (select from attempts a where a.treasury_id = ta.treasury_id and a.landed_slot > coalesce(ta.scanned_slot, -1))
        or exists (select from movements_left m where m.treasury_id = ta.treasury_id and m.mint = ta.mint) as stirred
    from treasury_accounts ta join treasuries t on t.id = ta.treasury_id
    where ${where} order by ta.token_account limit ${AT_ONCE}`.execute(parts.db.read);
  return rows.map(row => ({
    treasuryId: row.treasury_id,
    kind: row.kind,
    owner: row.owner,
    accountId: row.account_id,
    network: row.network,
    mint: row.mint,
    tokenAccount: row.token_account,
    cursor:
      row.scanned_slot === null || row.scanned_height === null
        ? null
        : { finalizedSlot: BigInt(row.scanned_slot), finalizedHeight: BigInt(row.scanned_height) },
    stirred: row.stirred,
    scannedBalance: row.scanned_balance === null ? null : BigInt(row.scanned_balance),
    scannedAt: row.scanned_at,
  }));
}
