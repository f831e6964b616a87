/** How fast everything goes in tests: the same code, less waiting. */
export const TEST_PACE: Record<string, string> = {
  EBB_PACE_ACTIVITY_MS: '3000',
  EBB_PACE_POLL_MS: '25',
  EBB_PACE_RESEND_MS: '250',
  EBB_PACE_BACKOFF_MS: '50',
  EBB_PACE_BACKOFF_MAX_MS: '500',
  EBB_PACE_HEARTBEAT_MS: '1000',
  EBB_PACE_STICKY_MS: '500',
  EBB_PACE_RELAY_MS: '500',
  EBB_PACE_SETTLE_START_MS: '1500',
  EBB_PACE_OVERDUE_MS: '2000',
  EBB_PACE_FINALITY_MS: '1000',
  EBB_PACE_BUYER_WAIT_MS: '15000',
};
