import { randomUUID } from 'node:crypto';
import type { Client, WorkflowHandle } from '@temporalio/client';
import { eventually } from './eventually.ts';

/** What a person can do to a workflow from the Temporal UI without Ebb's knowledge. */
export type Outrage = 'terminate' | 'cancel' | 'reset';

/** Does it to the workflow's current run; returns that run's id. */
export async function commit(client: Client, workflowId: string, outrage: Outrage): Promise<string> {
  const handle = client.workflow.getHandle(workflowId);
  const { runId } = await handle.describe();
  if (outrage === 'terminate') await handle.terminate('somebody pressed the button');
  if (outrage === 'cancel') await handle.cancel();
  if (outrage === 'reset') await reset(client, handle, runId);
  await eventually(`${outrage} of ${workflowId} has come to pass`, async () => {
    const described = await client.workflow.getHandle(workflowId, runId).describe();
    return described.status.name !== 'RUNNING';
  });
  return runId;
}

/** Takes a run back to its first decision: everything after it is done again, in a new run. */
export async function reset(client: Client, handle: WorkflowHandle, runId: string): Promise<void> {
  const { events } = await handle.fetchHistory();
  const decided = events?.find(event => event.workflowTaskCompletedEventAttributes);
  if (!decided?.eventId) throw new Error(`${handle.workflowId} has decided nothing that it could be reset to`);
  await client.workflowService.resetWorkflowExecution({
    namespace: client.options.namespace,
    workflowExecution: { workflowId: handle.workflowId, runId },
    reason: 'somebody pressed the button',
    workflowTaskFinishEventId: decided.eventId,
    requestId: randomUUID(),
  });
}

/** Waits until another run than this one carries the workflow; returns its id. */
export const carriedAgain = (client: Client, workflowId: string, lost: string): Promise<string> =>
  eventually(`${workflowId} runs again`, async () => {
    const { runId, status } = await client.workflow.getHandle(workflowId).describe();
    return runId !== lost && status.name === 'RUNNING' ? runId : null;
  });
