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
    const outcome = (await carry(refund, desk)) ?? (await desk.end());
    if (outcome === null) continue;
    await condition(allHandlersFinished);
    return outcome;
  }
}

/** Every leg, one after the other; null where none was left to post, or the refund is no longer to be carried out. */
async function carry(refund: RefundInput, desk: Desk): Promise<RefundOutcome | null> {
  let outcome: RefundOutcome | null = null;
  for (const leg of refund.legs) {
    const paid = await payUntilSettled(leg.id, desk);
    if (paid.kind === 'stopped') return null;
    if (paid.kind === 'landed') outcome = await desk.post(leg.id, paid.landed);
  }
  if (outcome) showEnd(outcome.status, { signature: outcome.tx_sig });
  return outcome;
}

/** One leg until it has landed, or the refund is no longer ours to carry. Waits for people, funds and the chain in between. */
async function payUntilSettled(legId: string, desk: Desk): Promise<Exclude<PayOutcome, { kind: 'waiting' }>> {
  while (true) {
    const paid = await desk.pay(legId);
    if (paid.kind !== 'waiting') return paid;
    await desk.wait(paid);
  }
}

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

  pay(leg_id: string): Promise<PayOutcome> {
    this.#woken = false;
    const { pace, refund_id, amount_atomic, currency } = this.#refund;
    return remote(pace, `pay ${amount_atomic} atoms of ${currency}`).payLeg({ leg_id, refund_id, run: thisRun(), pace });
  }

  async post(leg_id: string, landed: Extract<PayOutcome, { kind: 'landed' }>['landed']): Promise<RefundOutcome> {
    const { pace, refund_id } = this.#refund;
    return short(pace, `post ${landed.tx_sig}`, activities => activities.postLeg({ leg_id, refund_id, run: thisRun(), landed }));
  }

  async wait(paid: Extract<PayOutcome, { kind: 'waiting' }>): Promise<void> {
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
    const wait_ms = paid.reason === 'awaiting_confirmation' ? pace.poll_ms : this.#backoff.next_ms();
    if (await condition(() => this.#woken, wait_ms, { summary: `waiting: ${paid.reason}` })) this.#backoff.reset();
  }
}
