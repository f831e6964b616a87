import { type Address } from '@solana/kit';
import { sql } from 'kysely';
import { readTokenAccount } from '#libs/chain/token-account';
import type { Tx } from '#libs/db/database';
import { grants } from '#libs/funds/grants';
import { lockFunds, readLine, type Till, takenFunds } from '#libs/funds/line';
import type { FundsSeen } from '#libs/funds/take';
import { stillWatched, watchId } from '#libs/funds/watches';
import { writeWakeOnce } from '#libs/outbox/lines';
import { writeOutcome } from '#libs/outbox/outcome';
import { chainOf, type Parts } from '#libs/parts';
import { startLine } from '#libs/refunds/accept';
import { viewRefund } from '#libs/refunds/view';
import type { Lookout, Run } from '#libs/states/outcomes';
import type { Watch } from '#libs/transfers/follow';
import { scanTill } from '#libs/treasuries/scan-all';
import { lookOut } from './look-out.ts';

type Line = Awaited<ReturnType<typeof readLine>>;

/**
 * Looks at a treasury that refunds wait for, and wakes those that may go as soon as their money is there, oldest first.
 * Safe to repeat and to run twice at once: who is woken in vain waits again, and takes nothing.
 */
export async function watchTreasury(parts: Parts, till: Till, run: Run, watch: Watch): Promise<Lookout> {
  const workflowId = watchId({ network: '', till });
  const account = await parts.db.read
    .selectFrom('treasury_accounts')
    .innerJoin('treasuries', 'treasuries.id', 'treasury_accounts.treasury_id')
    .innerJoin('watches', join =>
      join.onRef('watches.treasury_id', '=', 'treasuries.id').onRef('watches.mint', '=', 'treasury_accounts.mint'),
    )
    .select(['token_account', 'treasuries.network', 'treasuries.account_id', 'watches.created_at'])
    .where('treasuries.id', '=', till.treasuryId)
    .where('treasury_accounts.mint', '=', till.mint)
    .executeTakeFirst();
  if (!account) return { kind: 'idle' };
  await parts.db.tx('treasury.watch', tx => stillWatched(tx, workflowId, watch.pace));
  const chain = chainOf(parts, account.network);
  const found = await lookOut(parts, watch, async () => {
    const { context, value } = await chain.ask('treasury.balance', rpc =>
      rpc.getAccountInfo(account.token_account as Address, { encoding: 'base64', commitment: 'confirmed' }),
    );
    const seen: FundsSeen = { balance: readTokenAccount(value)?.amount ?? 0n, slot: BigInt(context.slot) };
    const line = await readLine(parts.db.read, till);
    const available = seen.balance - (await takenFunds(parts.db.read, till, seen.slot));
    const acts = line.length === 0 || toWake(available, line, parts, watch).length > 0;
    const left = acts
      ? await parts.db.tx('treasury.watch', tx => wakeOrEnd(tx, parts, { till, accountId: account.account_id, seen, run, watch }))
      : line;
    if (left.length === 0) return { found: { kind: 'idle' }, acted: acts };
    const needed = left.reduce((sum, one) => sum + one.amount, 0n);
    const found: Lookout = {
      kind: 'short',
      since: account.created_at.toISOString(),
      waiting: left.length,
      needed_atomic: needed.toString(),
      available_atomic: available.toString(),
    };
    return { found, acted: acts };
  });
  // What has come in meanwhile is booked as soon as it is final, whenever the next scan of all is due.
  await scanTill(parts, till);
  return found;
}

interface Decision {
  till: Till;
  accountId: string;
  seen: FundsSeen;
  run: Run;
  watch: Watch;
}

/** Wakes who may go; where nobody stands in line, the watch is over. Judged anew under the till's lock, where nobody joins meanwhile. */
async function wakeOrEnd(tx: Tx, parts: Parts, { till, accountId, seen, run, watch }: Decision): Promise<Line> {
  const { taken } = await lockFunds(tx, till, seen.slot);
  const line = await readLine(tx, till);
  for (const id of toWake(seen.balance - taken, line, parts, watch)) {
    const view = await viewRefund(tx, id, parts.workflowUrl);
    await writeWakeOnce(tx, startLine(parts.pace, { account_id: accountId }, view));
    await tx.updateTable('funds_queue').set({ woken_at: parts.clock.now() }).where('refund_id', '=', id).execute();
    parts.log.info({ refund_id: id, treasury_id: till.treasuryId }, 'woken: its funds are there');
  }
  // Places of refunds that have ended otherwise. Those that wait for something else keep theirs.
  await sql`delete from funds_queue q using refunds r where r.id = q.refund_id and q.treasury_id = ${till.treasuryId}
    and q.mint = ${till.mint} and r.status in ('succeeded', 'partially_succeeded', 'failed', 'canceled')`.execute(tx);
  if (line.length > 0) return line;
  await tx.deleteFrom('watches').where('workflow_id', '=', run.workflow_id).execute();
  await writeOutcome(tx, run, 'watchTreasury', 'idle', till.treasuryId);
  return line;
}

/** Who may go and was not told lately; one that did not get there is told again. */
function toWake(available: bigint, line: Line, parts: Parts, { pace }: Watch): string[] {
  const granted = grants(available, line);
  const lately = parts.clock.now().getTime() - pace.activity_ms;
  return line.filter(one => granted.has(one.id) && (one.wokenAt?.getTime() ?? 0) < lately).map(one => one.id);
}
