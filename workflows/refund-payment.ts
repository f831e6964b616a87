import { ApplicationFailure } from '@temporalio/common';
import {
  allHandlersFinished,
  condition,
  continueAsNew,
  currentUpdateInfo,
  setCurrentDetails,
  setHandler,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import type { PayOutcome } from '#libs/states/outcomes';
import { PEOPLE_LOOK_MS } from '#libs/states/pace';
import { REFUND_TERMINAL, type RefundStatus } from '#libs/states/refund';
import {
  type ActResult,
  type RefundInput,
  type RefundOutcome,
  type RefundUpdate,
  refundUpdates,
  wake,
} from '#workflows/contracts/refund';
import { searchAttributes } from '#workflows/contracts/search-attributes';
import { Backoff, remote, runbook, short, showEnd, thisRun } from './desk.ts';

/** Gives back part or all of a settled payment; its money is already reserved when this starts. */
export async function refundPayment(refund: RefundInput): Promise<RefundOutcome> {
  const desk = new Desk(refund);
  while (true) {
    const posted = await carry(refund, desk);
    // A leg that was posted before may be gone from the chain by now: a workflow never closes while its row is open.
    const outcome = posted && isTerminal(posted.status) ? posted : await desk.end();
    if (outcome === null) continue;
    await condition(allHandlersFinished);
    return outcome;
  }
}

/**
 * Every leg, one after the other, waiting for people, funds and the chain in between; null where none was left to post, or the
 * refund is no longer to be carried out.
 */
async function carry(refund: RefundInput, desk: Desk): Promise<RefundOutcome | null> {
  let outcome: RefundOutcome | null = null;
  for (let at = 0; at < refund.legs.length; ) {
    if (at === 0) desk.listen();
    const leg_id = refund.legs[at]?.id ?? '';
    const paid = await desk.pay(leg_id);
    if (paid.kind === 'stopped') return null;
    if (paid.kind === 'waiting') {
      // Whoever woke it may have brought an earlier leg back: the chain has lost it, or somebody else has paid it.
      if (await desk.wait(paid)) at = 0;
      continue;
    }
    if (paid.kind === 'landed') outcome = await desk.post(leg_id, paid.landed);
    at++;
  }
  if (outcome && isTerminal(outcome.status)) showEnd(outcome.status, { signature: outcome.tx_sig });
  return outcome;
}

const isTerminal = (status: string) => REFUND_TERMINAL.has(status as RefundStatus);

/** Listens, and keeps what the UI shows. */
class Desk {
  readonly #refund: RefundInput;
  readonly #backoff: Backoff;
  #woken = false;
  #attention: boolean;
  #reason: string | null = null;

  constructor(refund: RefundInput) {
    this.#refund = refund;
    this.#backoff = new Backoff(refund.pace);
    this.#attention = workflowInfo().typedSearchAttributes.get(searchAttributes.needsAttention) ?? false;
    setHandler(wake, () => {
      this.#woken = true;
    });
    for (const kind of Object.keys(refundUpdates) as RefundUpdate[]) {
      setHandler(refundUpdates[kind], given => this.#act(kind, given));
    }
  }

  /** The act's own wake is what the main function hears of it; a refusal must be this failure, any other wedges the task. */
  async #act(kind: RefundUpdate, given: unknown): Promise<ActResult> {
    const update_id = currentUpdateInfo()?.id ?? '';
    const { pace, refund_id } = this.#refund;
    const outcome = await remote(pace, kind).act({ kind, refund_id, update_id, arguments: given ?? {}, run: thisRun() });
    if (outcome.kind === 'done') return { status: outcome.status };
    throw ApplicationFailure.create({
      type: outcome.code,
      message: `${outcome.code}: ${outcome.message}`,
      nonRetryable: true,
      category: 'BENIGN',
    });
  }

  /** How it ended without us; null, after a pause, where it has not. */
  async end(): Promise<RefundOutcome | null> {
    const { pace, refund_id } = this.#refund;
    const end = await short(pace, 'how it ended', activities => activities.endRefund({ refund_id, run: thisRun() }));
    if (end.kind === 'ended') {
      showEnd(end.status, { signature: end.tx_sig ?? undefined, failure: end.failure ?? undefined });
      return { status: end.status, ...(end.tx_sig ? { tx_sig: end.tx_sig } : {}) };
    }
    await condition(() => this.#woken, this.#backoff.next_ms(), { summary: 'looking again' });
    return null;
  }

  /** From now on, to be woken is news: not before each leg, or one that is lost while the next is looked at would be missed. */
  listen(): void {
    this.#woken = false;
  }

  pay(leg_id: string): Promise<PayOutcome> {
    const { pace, refund_id, amount_atomic, currency } = this.#refund;
    return remote(pace, `pay ${amount_atomic} atoms of ${currency}`).payLeg({ leg_id, refund_id, run: thisRun(), pace });
  }

  async post(leg_id: string, landed: Extract<PayOutcome, { kind: 'landed' }>['landed']): Promise<RefundOutcome> {
    const { pace, refund_id } = this.#refund;
    return short(pace, `post ${landed.tx_sig}`, activities => activities.postLeg({ leg_id, refund_id, run: thisRun(), landed }));
  }

  /** True where something woke it before its time. */
  async wait(paid: Extract<PayOutcome, { kind: 'waiting' }>): Promise<boolean> {
    const { refund_id, amount_atomic, currency, pace } = this.#refund;
    setCurrentDetails(runbook(`Refund ${refund_id}: ${amount_atomic} atoms of ${currency}`, paid));
    if (paid.person !== this.#attention || paid.reason !== this.#reason) {
      this.#attention = paid.person;
      this.#reason = paid.reason;
      this.#backoff.reset();
      upsertSearchAttributes([
        { key: searchAttributes.flowStatus, value: paid.status },
        { key: searchAttributes.needsAttention, value: paid.person },
      ]);
    }
    if (workflowInfo().continueAsNewSuggested && allHandlersFinished()) await continueAsNew<typeof refundPayment>(this.#refund);
    // A transaction in flight is looked after without a pause; the activity itself sends and asks at its own pace.
    const wait_ms = paid.reason === 'awaiting_confirmation' ? pace.poll_ms : this.#pause_ms(paid.expires_at);
    const woken = await condition(() => this.#woken, wait_ms, { summary: `waiting: ${paid.reason}` });
    if (woken) this.#backoff.reset();
    return woken;
  }

  /** What only a person ends is not looked at again and again: their act wakes it, or the end of its time. */
  #pause_ms(expires_at: string | undefined): number {
    const next_ms = this.#backoff.next_ms();
    if (expires_at === undefined) return next_ms;
    return Math.max(next_ms, Math.min(Date.parse(expires_at) - Date.now(), PEOPLE_LOOK_MS));
  }
}
