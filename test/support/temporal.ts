import type { Client, WorkflowHandle } from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import type { Stack } from '#apps/dev/stack';
import { readConfig } from '#libs/config/config';
import { openTemporal } from '#workflows/client/connect';

/** A client of the stack's Temporal, as an operator has one beside Ebb. Close it at the end. */
export const operator = (stack: Stack): { client: Client; close(): Promise<void> } => openTemporal(readConfig({ ...stack.env }));

/** A workflow's events by their short names, in order: `WORKFLOW_EXECUTION_STARTED`, `TIMER_STARTED`, … */
export async function eventTypes(handle: WorkflowHandle): Promise<string[]> {
  const history = JSON.parse(historyToJSON(await handle.fetchHistory())) as { events: { eventType: string }[] };
  return history.events.map(event => event.eventType.replace('EVENT_TYPE_', ''));
}

/** What the UI shows as the workflow's runbook: asks the workflow itself. */
export async function currentDetails(handle: WorkflowHandle): Promise<string> {
  const metadata = await handle.query<{ currentDetails?: string }>('__temporal_workflow_metadata');
  return metadata.currentDetails ?? '';
}
