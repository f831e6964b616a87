import type { Pace } from '#libs/states/pace';
import type { Config } from './config.ts';

/** The pace that this process gives to the workflows it starts. */
export function paceOf(config: Config): Pace {
  return {
    activity_ms: config.EBB_PACE_ACTIVITY_MS,
    poll_ms: config.EBB_PACE_POLL_MS,
    resend_ms: config.EBB_PACE_RESEND_MS,
    backoff_ms: config.EBB_PACE_BACKOFF_MS,
    backoff_max_ms: config.EBB_PACE_BACKOFF_MAX_MS,
    heartbeat_ms: config.EBB_PACE_HEARTBEAT_MS,
    overdue_ms: config.EBB_PACE_OVERDUE_MS,
  };
}
