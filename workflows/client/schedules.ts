import { type Client, ScheduleAlreadyRunning, ScheduleOverlapPolicy } from '@temporalio/client';
import type { Pace } from '#libs/states/pace';
import { SCHEDULE, TASK_QUEUE } from '#workflows/contracts/names';

/** Makes the Schedules be there, at the pace of this deployment. Safe to repeat; the last worker to start is right. */
export async function ensureSchedules(
  client: Client,
  pace: Pace,
  every: { finality_ms: number; overdue_ms: number; scan_ms: number },
): Promise<void> {
  await ensure(client, SCHEDULE.watchFinality, every.finality_ms, pace);
  await ensure(client, SCHEDULE.restartOverdue, every.overdue_ms, pace);
  await ensure(client, SCHEDULE.scanTreasuries, every.scan_ms, pace);
}

async function ensure(client: Client, type: string, every_ms: number, pace: Pace): Promise<void> {
  const schedule = {
    spec: { intervals: [{ every: every_ms }] },
    action: { type: 'startWorkflow' as const, workflowType: type, workflowId: type, taskQueue: TASK_QUEUE, args: [{ pace }] },
    policies: { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: 60_000 },
  };
  try {
    await client.schedule.create({ scheduleId: type, ...schedule });
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) throw error;
    await client.schedule.getHandle(type).update(before => ({ ...before, ...schedule }));
  }
}
