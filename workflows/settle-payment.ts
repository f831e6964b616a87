import {
  allHandlersFinished,
  condition,
  continueAsNew,
  setCurrentDetails,
  setHandler,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import type { SettleOutcome } from '#libs/states/outcomes';
import { wake } from '#workflows/contracts/refund';
import { searchAttributes } from '#workflows/contracts/search-attributes';
import { awaitSettled, type SettlementInput, type SettlementOutcome } from '#workflows/contracts/settlement';
import { Backoff, remote, runbook, short, showEnd, thisRun } from './desk.ts';

/** No buyer's request waits this long. */
const LONGEST_WAIT_MS = 120_000;

type Waits = Extract<SettleOutcome, { kind: 'waiting' }>;

/** Has a claimed proof settled and writes it into the books. The row is there already; this carries it out. */
export async function settlePayment(payment: SettlementInput): Promise<SettlementOutcome> {
  const ended: { outcome: SettlementOutcome | null } = { outcome: null };
  let woken = false;
  setHandler(awaitSettled, async (): Promise<SettlementOutcome> => {
    // Not for ever: an open update keeps a long history from going on as a new one.
    await condition(() => ended.outcome !== null, LONGEST_WAIT_MS);
    return ended.outcome ?? { status: 'pending' };
  });
  setHandler(wake, () => {
    woken = true;
  });

  const backoff = new Backoff(payment.pace);
  let attention = workflowInfo().typedSearchAttributes.get(searchAttributes.needsAttention) ?? false;
  while (true) {
    woken = false;
    const settled = await settle(payment);
    const next = settled.kind === 'waiting' ? settled : await conclude(payment, settled);
    if (next === 'again') continue;
    if (!('kind' in next)) {
      ended.outcome = next;
      await condition(allHandlersFinished);
      return next;
    }
    const about = `Payment ${payment.payment_id}: ${payment.amount_atomic} atoms of ${payment.currency}`;
    setCurrentDetails(runbook(about, { ...next, status: 'pending' }));
    // What older workers answered says nothing of it: then it stays as it is.
    if (next.attention !== undefined && next.attention !== attention) {
      attention = next.attention;
      upsertSearchAttributes([{ key: searchAttributes.needsAttention, value: attention }]);
    }
    if (workflowInfo().continueAsNewSuggested && allHandlersFinished()) await continueAsNew<typeof settlePayment>(payment);
    const wait_ms = next.reason === 'awaiting_confirmation' ? payment.pace.poll_ms : backoff.next_ms();
    await condition(() => woken, wait_ms, { summary: `waiting: ${next.reason}` });
  }
}

const settle = (payment: SettlementInput): Promise<SettleOutcome> =>
  remote(payment.pace, `settle ${payment.amount_atomic} atoms of ${payment.currency}`).settle({
    payment_id: payment.payment_id,
    run: thisRun(),
    pace: payment.pace,
  });

/**
 * Writes how it ended. `again` where it has not, since another run submitted what this one saw refused; a wait where it is
 * gone and refunds of it must end first.
 */
async function conclude(
  payment: SettlementInput,
  settled: Exclude<SettleOutcome, { kind: 'waiting' }>,
): Promise<SettlementOutcome | Waits | 'again'> {
  const { pace, payment_id } = payment;
  const run = thisRun();
  if (settled.kind === 'done')
    return settled.status === 'failed'
      ? { status: 'failed' }
      : { status: settled.status === 'pending' ? 'carried_elsewhere' : 'settled' };
  if (settled.kind === 'landed') {
    const { landed } = settled;
    await short(pace, `record ${landed.tx_sig}`, activities => activities.recordSettlement({ payment_id, run, landed }));
    showEnd('settled', { signature: landed.tx_sig, settledAt: new Date(landed.block_time) });
    return { status: 'settled' };
  }
  const { kind, code, message } = settled;
  const failed = await short(pace, `fail: ${code}`, activities =>
    activities.failSettlement({ payment_id, run, why: { kind, code, message } }),
  );
  if (failed.waiting) return { kind: 'waiting', ...failed.waiting, attention: true };
  if (failed.status === 'pending') return 'again';
  showEnd(failed.status, { failure: code });
  return { status: failed.status === 'failed' ? 'failed' : 'settled', code };
}
