import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { openActivities } from '#activities/activities';
import { readConfig } from '#libs/config/config';
import { openParts } from '#libs/parts';
import { openTemporal, temporalAddress } from '#workflows/client/connect';
import { ensureSchedules } from '#workflows/client/schedules';
import { TASK_QUEUE } from '#workflows/contracts/names';
import { BUNDLE_PATH } from './paths.ts';

const MAX_CACHED_WORKFLOWS = 500;
const SHUTDOWN_GRACE_MS = 10_000;
const RETRY_MS = 1_000;

const config = readConfig();
const parts = await openParts(config, 'worker');
const stopping = new AbortController();

Runtime.install({
  logger: new DefaultLogger('WARN', ({ level, message, meta: { error, ...meta } = {} }) =>
    parts.log[level === 'ERROR' ? 'error' : 'warn']({ meta, ...(error === undefined ? {} : { err: error }) }, message),
  ),
  shutdownSignals: [],
});
const connection = await connect();
const worker = await Worker.create({
  connection,
  namespace: config.TEMPORAL_NAMESPACE,
  taskQueue: TASK_QUEUE,
  workflowBundle: { codePath: BUNDLE_PATH },
  activities: openActivities(parts, stopping.signal),
  maxCachedWorkflows: MAX_CACHED_WORKFLOWS,
  // A killed worker's sticky queue holds its workflows for this long.
  stickyQueueScheduleToStartTimeout: config.EBB_PACE_STICKY_MS,
  shutdownGraceTime: SHUTDOWN_GRACE_MS,
  maxHeartbeatThrottleInterval: config.EBB_PACE_HEARTBEAT_MS / 2,
  defaultHeartbeatThrottleInterval: config.EBB_PACE_HEARTBEAT_MS / 2,
});
const running = worker.run();

const temporal = openTemporal(config);
await parts.steps('worker.schedules', () =>
  ensureSchedules(temporal.client, parts.pace, {
    finality_ms: config.EBB_PACE_FINALITY_MS,
    overdue_ms: config.EBB_PACE_OVERDUE_MS,
    scan_ms: config.EBB_PACE_SCAN_MS,
  }),
);
process.stdout.write(`${JSON.stringify({ ready: true })}\n`);
parts.log.info('working');

const stop = (signal: NodeJS.Signals) => {
  parts.log.info({ signal }, 'stopping');
  stopping.abort();
  if (worker.getState() === 'RUNNING') worker.shutdown();
};
process.once('SIGTERM', stop);
process.once('SIGINT', stop);

await running;
await temporal.close();
await connection.close();
await parts.close();
process.exit(0);

/** Temporal may come up later than its worker. */
async function connect(): Promise<NativeConnection> {
  while (true) {
    try {
      return await NativeConnection.connect(temporalAddress(config));
    } catch (error) {
      parts.log.warn({ err: error }, 'Temporal cannot be reached yet');
      await new Promise(resolve => setTimeout(resolve, RETRY_MS));
    }
  }
}
