import type { Tx } from '#libs/db/database';
import { lockSponsor, sponsorLine } from '#libs/funds/sponsor';
import { stillWatched, watchId } from '#libs/funds/watches';
import { writeWakeOnce } from '#libs/outbox/lines';
import { writeOutcome } from '#libs/outbox/outcome';
import { chainOf, type Parts } from '#libs/parts';
import { startLine } from '#libs/refunds/accept';
import { SPONSOR_FUNDED_LAMPORTS } from '#libs/refunds/destination';
import { viewRefund } from '#libs/refunds/view';
import type { Lookout, Run } from '#libs/states/outcomes';
import type { Watch } from '#libs/transfers/follow';
import { lookOut } from './look-out.ts';

/** Woken at one look: each costs SOL, and the next look comes soon. */
const AT_ONCE = 50;

/**
 * Looks at the account that pays a network's fees while refunds wait for its SOL, and wakes them when it is there, oldest
 * first. Safe to repeat and to run twice at once: who is woken in vain waits again.
 */
export async function watchSponsor(parts: Parts, network: string, run: Run, watch: Watch): Promise<Lookout> {
  const workflowId = watchId({ network, till: null });
  const since = parts.clock.now().toISOString();
  await parts.db.tx('sponsor.watch', tx => stillWatched(tx, workflowId, watch.pace));
  return lookOut(parts, watch, async () => {
    const { value: lamports } = await chainOf(parts, network).ask('sponsor.balance', rpc =>
      rpc.getBalance(parts.feePayer.address, { commitment: 'confirmed' }),
    );
    const funded = lamports >= SPONSOR_FUNDED_LAMPORTS;
    const line = await sponsorLine(parts.db.read, network, AT_ONCE);
    const acts = funded || line.length === 0;
    const left = acts ? await parts.db.tx('sponsor.watch', tx => wakeOrEnd(tx, parts, network, run, funded)) : line.length;
    if (left === 0) return { found: { kind: 'idle' }, acted: acts };
    const found: Lookout = {
      kind: 'short',
      since,
      waiting: left,
      needed_atomic: SPONSOR_FUNDED_LAMPORTS.toString(),
      available_atomic: lamports.toString(),
    };
    return { found, acted: false };
  });
}

/** Judged anew under the lock under which refunds begin to wait for it. */
async function wakeOrEnd(tx: Tx, parts: Parts, network: string, run: Run, funded: boolean): Promise<number> {
  await lockSponsor(tx, network);
  const line = await sponsorLine(tx, network, AT_ONCE);
  for (const { id, accountId } of funded ? line : []) {
    await writeWakeOnce(tx, startLine(parts.pace, { account_id: accountId }, await viewRefund(tx, id, parts.workflowUrl)));
  }
  if (line.length > 0) return line.length;
  await tx.deleteFrom('watches').where('workflow_id', '=', run.workflow_id).execute();
  await writeOutcome(tx, run, 'watchSponsor', 'idle', network);
  return 0;
}
