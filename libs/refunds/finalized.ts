import { sql } from 'kysely';
import type { Tx } from '#libs/db/database';
import { type Actor, type Desk, tellRefund } from './transition.ts';
import { viewRefund } from './view.ts';

/** Stamps a refund that is at its end once every leg that moved is final, and tells it, once. What was voided never moved. */
export async function stampRefund(tx: Tx, desk: Desk, refundId: string, actor: Actor): Promise<void> {
  const { rows } = await sql<{ account_id: string }>`
    update refunds set finalized_at = now()
    where id = ${refundId} and finalized_at is null and status in ('succeeded', 'partially_succeeded')
      and not exists (select from legs where refund_id = ${refundId} and status <> 'voided' and finalized_at is null)
    returning account_id`.execute(tx);
  const [row] = rows;
  if (!row) return;
  await tellRefund(tx, desk, row.account_id, actor, 'refund.finalized', await viewRefund(tx, refundId, desk.workflowUrl));
}
