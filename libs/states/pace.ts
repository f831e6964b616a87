/** How fast a workflow and its activities work. Workflows cannot read the environment, so it comes in their input. */
export interface Pace {
  /** How long one activity works before it hands back to its workflow. */
  activity_ms: number;
  /** How often the chain is asked about a transaction in flight. */
  poll_ms: number;
  /** How often the same bytes are sent again. */
  resend_ms: number;
  /** First and longest wait of a workflow between two tries. */
  backoff_ms: number;
  backoff_max_ms: number;
  heartbeat_ms: number;
  /** How long after its next expected step a row counts as abandoned by its carrier. */
  overdue_ms: number;
}
