import { setCurrentDetails, sleep } from '@temporalio/workflow';
import type { TreasuryInput } from '#workflows/contracts/treasury';
import { Backoff, remote, runbook, thisRun } from './desk.ts';

/** Opens a treasury's token accounts, so that links can take money into them. */
export async function openTreasury(treasury: TreasuryInput): Promise<{ status: string }> {
  const backoff = new Backoff(treasury.pace);
  while (true) {
    const opened = await remote(treasury.pace, 'open token accounts').openTreasury({
      treasury_id: treasury.treasuryId,
      run: thisRun(),
      pace: treasury.pace,
    });
    if (opened.kind === 'opened') return { status: 'opened' };
    setCurrentDetails(runbook(`Treasury ${treasury.treasuryId}`, { ...opened, status: 'opening' }));
    await sleep(backoff.next_ms(), { summary: `waiting: ${opened.reason}` });
  }
}
