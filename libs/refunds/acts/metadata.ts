import { sql } from 'kysely';
import type { Tx } from '#libs/db/database';
import { tellRefund } from '../transition.ts';
import { type RefundView, viewRefund } from '../view.ts';
import { type Act, type ActDeps, carryOut } from './act.ts';

/** Replaces what the merchant keeps with a refund, in any state. It concerns no one who carries it. */
export const setMetadata = (tx: Tx, deps: ActDeps, act: Act, metadata: Record<string, unknown>): Promise<RefundView> =>
  carryOut(tx, deps, act, async refund => {
    await tx
      .updateTable('refunds')
      .set({ metadata: JSON.stringify(metadata), updated_at: sql<Date>`now()` })
      .where('id', '=', refund.id)
      .execute();
    const view = await viewRefund(tx, refund.id, deps.workflowUrl);
    await tellRefund(tx, deps, refund.account_id, act.actor, 'refund.updated', view);
    return 'rest';
  });
