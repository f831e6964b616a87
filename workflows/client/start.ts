import { type Client, WithStartWorkflowOperation } from '@temporalio/client';
import type { Pace } from '#libs/states/pace';
import { AWAIT_SETTLED_UPDATE_ID, TASK_QUEUE } from '#workflows/contracts/names';
import { wake } from '#workflows/contracts/refund';
import { awaitSettled, type SettlementOutcome } from '#workflows/contracts/settlement';
import { typedSearch } from './search-values.ts';

/** What it takes to start a carrier, as the outbox keeps it. */
export interface Start {
  workflowType: string;
  workflowId: string;
  input: object;
  search: Record<string, unknown>;
  summary: string;
  accountId: string;
  /** 1 (first) to 5. */
  priority: number;
}

/** A worker that is silent for this long in the middle of a workflow's own work, a local activity say, has died. */
const taskTimeout = (input: { pace?: Pace }) => (input.pace ? { workflowTaskTimeout: input.pace.heartbeat_ms * 2 } : {});

const options = (start: Start) => ({
  ...taskTimeout(start.input),
  workflowId: start.workflowId,
  taskQueue: TASK_QUEUE,
  args: [start.input] as [object],
  typedSearchAttributes: typedSearch(start.search),
  staticSummary: start.summary,
  priority: { priorityKey: start.priority, fairnessKey: start.accountId },
});

/** Starts a carrier; one that runs already is as good. The row is the guard, not the workflow id. */
export async function startWorkflow(client: Client, start: Start): Promise<void> {
  await client.workflow.start(start.workflowType, {
    ...options(start),
    workflowIdReusePolicy: 'ALLOW_DUPLICATE',
    workflowIdConflictPolicy: 'USE_EXISTING',
  });
}

/** Wakes a carrier, and starts it where it is gone. */
export async function wakeWorkflow(client: Client, start: Start): Promise<void> {
  await client.workflow.signalWithStart(start.workflowType, {
    ...options(start),
    workflowIdReusePolicy: 'ALLOW_DUPLICATE',
    signal: wake,
    signalArgs: [],
  });
}

/**
 * Starts a settlement and waits for its end, or `within_ms`: null then, and where the workflow is closed or was never
 * reached. Whoever asks answers from the row in any case.
 */
export async function settleAndWait(client: Client, start: Start, within_ms: number): Promise<SettlementOutcome | null> {
  const operation = new WithStartWorkflowOperation(start.workflowType, {
    ...options(start),
    workflowIdConflictPolicy: 'USE_EXISTING',
    workflowIdReusePolicy: 'REJECT_DUPLICATE',
  });
  // Its rejection reaches us through the update too.
  operation.workflowHandle().catch(() => {});
  try {
    return await client.withDeadline(Date.now() + within_ms, () =>
      client.workflow.executeUpdateWithStart(awaitSettled, {
        updateId: AWAIT_SETTLED_UPDATE_ID,
        startWorkflowOperation: operation,
      }),
    );
  } catch {
    return null;
  }
}
