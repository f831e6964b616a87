import { condition, continueAsNew, setCurrentDetails, setHandler, workflowInfo } from '@temporalio/workflow';
import type { Lookout } from '#libs/states/outcomes';
import type { Pace } from '#libs/states/pace';
import { WAITS, type WaitReason } from '#libs/states/waiting';
import type { SponsorWatch, TreasuryWatch } from '#workflows/contracts/funds';
import { wake } from '#workflows/contracts/refund';
import { remote, showEnd, thisRun } from './desk.ts';

const LONGEST_PAUSE_MS = 2_000;

/** Watches a treasury that refunds wait for, and wakes them as their money comes in; ends when nobody waits. */
export const watchTreasury = (till: TreasuryWatch): Promise<{ status: string }> =>
  untilNobodyWaits(
    till.pace,
    () =>
      remote(till.pace, 'look for funds').watchTreasury({
        treasury_id: till.treasury_id,
        mint: till.mint,
        run: thisRun(),
        pace: till.pace,
      }),
    seen => details(`Treasury ${till.treasury_id}, asset ${till.mint}`, 'insufficient_funds', 'atoms', seen),
    () => continueAsNew<typeof watchTreasury>(till),
  );

/** Watches the account that pays a network's fees while refunds wait for its SOL; ends when nobody waits. */
export const watchSponsor = (sponsor: SponsorWatch): Promise<{ status: string }> =>
  untilNobodyWaits(
    sponsor.pace,
    () => remote(sponsor.pace, 'look for SOL').watchSponsor({ network: sponsor.network, run: thisRun(), pace: sponsor.pace }),
    seen => details(`Fee payer of ${sponsor.network}`, 'sponsor_short', 'lamports', seen),
    () => continueAsNew<typeof watchSponsor>(sponsor),
  );

/** A wake says that somebody has begun to wait: one that comes while a look finds nobody is looked for too. */
async function untilNobodyWaits(
  pace: Pace,
  look: () => Promise<Lookout>,
  tell: (seen: Exclude<Lookout, { kind: 'idle' }>) => string,
  goOn: () => Promise<never>,
): Promise<{ status: string }> {
  const pause_ms = Math.min(pace.backoff_ms, LONGEST_PAUSE_MS);
  let woken = false;
  setHandler(wake, () => {
    woken = true;
  });
  while (true) {
    woken = false;
    const seen = await look();
    if (seen.kind === 'idle') {
      if (woken) continue;
      showEnd('idle', {});
      return { status: 'idle' };
    }
    setCurrentDetails(tell(seen));
    if (workflowInfo().continueAsNewSuggested) await goOn();
    // The activity has waited already; what comes in is to be seen within seconds of the chain's answering again.
    if (seen.kind === 'blocked') await condition(() => woken, pause_ms, { summary: `waiting: ${seen.reason}` });
  }
}

/** A short runbook for whoever opens it in the UI. */
function details(about: string, reason: WaitReason, unit: string, seen: Exclude<Lookout, { kind: 'idle' }>): string {
  const rule = WAITS[reason];
  return [
    `**${about}**`,
    '',
    seen.kind === 'blocked'
      ? `- cannot look: \`${seen.reason}\` since ${seen.since}; ${WAITS[seen.reason].ends_when} ends that`
      : `- ${seen.waiting} refunds wait for \`${reason}\` since ${seen.since}: ${seen.needed_atomic} ${unit} are needed, ${seen.available_atomic} are there`,
    `- ends when ${rule.ends_when}, or nobody waits any more`,
    `- you can: ${rule.actions.map(action => `\`${action}\``).join(', ')}; what comes in is seen within seconds, and the oldest refunds go first`,
    '- terminating this workflow loses nothing: it is started again while anybody waits',
  ].join('\n');
}
