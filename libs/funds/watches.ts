import { sql } from 'kysely';
import type { Tx } from '#libs/db/database';
import { dueIn } from '#libs/db/due';
import { type NewLine, writeWakeOnce } from '#libs/outbox/lines';
import type { Pace } from '#libs/states/pace';
import type { Till } from './line.ts';

/** What somebody waits for: a treasury's money in one asset, or the SOL of the account that pays a network's fees. */
export interface Watched {
  network: string;
  /** Null: the account that pays the network's fees. */
  till: Till | null;
  /** Whose work it is, for fairness; of a network's fees whoever waited first. */
  accountId: string;
}

export const watchId = ({ network, till }: Pick<Watched, 'network' | 'till'>): string =>
  till ? `treasury:${till.treasuryId}:${till.mint}` : `sponsor:${network}`;

/**
 * Has it watched from this transaction on. Says whether it was not before. Under the lock of what is watched: the watcher
 * ends under it too, so that it either sees who waits, or is started again by this line.
 */
export async function watch(tx: Tx, pace: Pace, watched: Watched, fresh: boolean): Promise<boolean> {
  const id = watchId(watched);
  const { rows } = await sql<{ began: boolean; lost: boolean }>`
    insert into watches (workflow_id, network, treasury_id, mint, account_id, due_at)
    values (${id}, ${watched.network}, ${watched.till?.treasuryId ?? null}, ${watched.till?.mint ?? null}, ${watched.accountId},
      ${dueIn(pace.overdue_ms)})
    on conflict (workflow_id) do update set account_id = watches.account_id
    returning xmax = 0 as began, due_at < now() as lost`.execute(tx);
  const [row] = rows;
  if (!row) throw new Error(`watch ${id} was not written`);
  // A line too where its watcher is silent past its due time: whoever still waits has it started again.
  if (fresh || row.began || row.lost) await writeWakeOnce(tx, watchLine(pace, watched));
  return row.began;
}

/** The line that has a watcher look, and starts it where it is gone. */
export function watchLine(pace: Pace, watched: Watched): Omit<NewLine, 'kind'> {
  const { network, till, accountId } = watched;
  return {
    workflowType: till ? 'watchTreasury' : 'watchSponsor',
    workflowId: watchId(watched),
    input: till ? { treasury_id: till.treasuryId, mint: till.mint, network, pace } : { network, pace },
    search: { AccountId: accountId, FlowStatus: 'short', NeedsAttention: true },
    summary: till ? `funds for refunds of treasury ${till.treasuryId}` : `SOL for the network fees of ${network}`,
    accountId,
    priority: 2,
  };
}

/** A watcher is at work: its due time goes on. One that is late after all is woken in vain, which costs nothing. */
export async function stillWatched(tx: Tx, workflowId: string, pace: Pace): Promise<void> {
  const due_ms = pace.activity_ms + pace.overdue_ms;
  await sql`update watches set due_at = ${dueIn(due_ms)} where workflow_id = ${workflowId}`.execute(tx);
}

const AT_ONCE = 200;

/** Has watchers that are silent past their due time started again; returns how many. */
export async function restartWatches(tx: Tx, pace: Pace): Promise<number> {
  const { rows } = await sql<{ network: string; treasury_id: string | null; mint: string | null; account_id: string }>`
    update watches set due_at = ${dueIn(pace.overdue_ms)}
    where workflow_id in (select workflow_id from watches where due_at < now() order by due_at limit ${AT_ONCE} for update skip locked)
    returning network, treasury_id, mint, account_id`.execute(tx);
  for (const { network, treasury_id, mint, account_id } of rows) {
    const till = treasury_id !== null && mint !== null ? { treasuryId: treasury_id, mint } : null;
    await writeWakeOnce(tx, watchLine(pace, { network, till, accountId: account_id }));
  }
  return rows.length;
}
