import {
  type ActivityInterfaceFor,
  proxyActivities,
  proxyLocalActivities,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import type { Run } from '#libs/states/outcomes';
import type { Pace } from '#libs/states/pace';
import { WAITS, type WaitReason } from '#libs/states/waiting';
import type { Activities } from '#workflows/contracts/activities';
import { searchAttributes } from '#workflows/contracts/search-attributes';

/** Room above an activity's own time limit, for a slow database or RPC. */
const GRACE_MS = 60_000;
const LOCAL_TIMEOUT_MS = 5_000;
const PATIENT_TIMEOUT_MS = 20_000;

/** A call that was lost is tried again soon, however long a wait in between may be: no wake reaches it before. */
const FIRST_RETRY_MS = 1_000;
const retryAt = (pace: Pace) => ({
  initialInterval: Math.min(pace.backoff_ms, FIRST_RETRY_MS),
  maximumInterval: pace.backoff_max_ms,
  backoffCoefficient: 2,
});

/** Who speaks: the workflow and its run, for every write of the carrier. */
export function thisRun(): Run {
  const { workflowId, runId, startTime } = workflowInfo();
  return { workflow_id: workflowId, run_id: runId, started_at: startTime.toISOString() };
}

/** Activities that ask the world; retried for ever, since only the world's word ends anything. */
export function remote(pace: Pace, summary: string): ActivityInterfaceFor<Activities> {
  return proxyActivities<Activities>({
    summary,
    startToCloseTimeout: pace.activity_ms + GRACE_MS,
    heartbeatTimeout: pace.heartbeat_ms,
    retry: retryAt(pace),
  });
}

/** For one SQL transaction on a slow database: it cannot beat while it waits for a lock. */
const patient = (pace: Pace, summary: string): ActivityInterfaceFor<Activities> =>
  proxyActivities<Activities>({
    summary,
    startToCloseTimeout: PATIENT_TIMEOUT_MS,
    retry: retryAt(pace),
  });

/** One short SQL transaction: as a local activity, and as a normal one when the database is slow. */
export async function short<T>(
  pace: Pace,
  summary: string,
  call: (activities: ActivityInterfaceFor<Activities>) => Promise<T>,
): Promise<T> {
  const local = proxyLocalActivities<Activities>({
    summary,
    startToCloseTimeout: LOCAL_TIMEOUT_MS,
    retry: { maximumAttempts: 1 },
  });
  try {
    return await call(local);
  } catch {
    return call(patient(pace, summary));
  }
}

/** Waits double from `backoff_ms` to `backoff_max_ms` while nothing changes. */
export class Backoff {
  readonly #pace: Pace;
  #next_ms: number;

  constructor(pace: Pace) {
    this.#pace = pace;
    this.#next_ms = pace.backoff_ms;
  }

  next_ms(): number {
    const now = this.#next_ms;
    this.#next_ms = Math.min(now * 2, this.#pace.backoff_max_ms);
    return now;
  }

  reset(): void {
    this.#next_ms = this.#pace.backoff_ms;
  }
}

/** The end of a flow, searchable. */
export function showEnd(
  status: string,
  more: { signature?: string | undefined; failure?: string | undefined; settledAt?: Date },
): void {
  upsertSearchAttributes([
    { key: searchAttributes.flowStatus, value: status },
    { key: searchAttributes.needsAttention, value: false },
    ...(more.signature ? [{ key: searchAttributes.chainSignature, value: more.signature }] : []),
    ...(more.failure ? [{ key: searchAttributes.failureCode, value: more.failure }] : []),
    ...(more.settledAt ? [{ key: searchAttributes.settledAt, value: more.settledAt }] : []),
  ]);
}

/** A short runbook for whoever opens the workflow in the UI: what it waits for, since when, what one can do. */
export function runbook(
  about: string,
  wait: { status: string; reason: WaitReason; since: string; tx_sig?: string | null; ends_when?: string },
): string {
  const rule = WAITS[wait.reason];
  return [
    `**${about}**`,
    '',
    `- state: \`${wait.status}\`, waiting for \`${wait.reason}\` since ${wait.since}`,
    `- ends when ${wait.ends_when ?? rule.ends_when}`,
    rule.actions.length > 0
      ? `- you can: ${rule.actions.map(action => `\`${action}\``).join(', ')}`
      : '- nothing to do: it goes on by itself',
    ...(wait.tx_sig ? [`- transaction in flight: \`${wait.tx_sig}\``] : []),
    '- terminating this workflow loses nothing: its row is open, and it is started again',
  ].join('\n');
}
