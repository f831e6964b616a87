import { sql } from 'kysely';
import type { Tx } from '#libs/db/database';
import type { Run } from '#libs/states/outcomes';

/** Keeps how a run ended, in its last transaction: visibility and history are gone after retention and are never books. */
export async function writeOutcome(tx: Tx, run: Run, type: string, outcome: string, objectId: string): Promise<void> {
  await tx
    .insertInto('workflow_outcomes')
    .values({ workflow_id: run.workflow_id, run_id: run.run_id, type, outcome, object_id: objectId, started_at: run.started_at })
    .onConflict(conflict => conflict.columns(['workflow_id', 'run_id']).doUpdateSet({ outcome, ended_at: sql<Date>`now()` }))
    .execute();
}
