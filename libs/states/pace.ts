/** A call that keeps throwing is no longer quietly waited for after so many tries: its row falls due, and is marked. */
const PATIENT_TRIES = 5;

/** How long a carrier at its so-manieth try may be silent before its row counts as abandoned; null: it is due already. */
export const silence_ms = (pace: Pace, tries: number): number | null =>
  tries > PATIENT_TRIES ? null : pace.activity_ms + pace.backoff_max_ms + pace.overdue_ms;

/** A carrier that waits for a person looks again at least this often, whatever happens: what wakes it could be lost. */
export const PEOPLE_LOOK_MS = 24 * 60 * 60 * 1_000;

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
