import { sql } from 'kysely';
import type { Tx } from '#libs/db/database';
import { dueIn } from '#libs/db/due';
import { restartWatches } from '#libs/funds/watches';
import { writeLineOnce } from '#libs/outbox/lines';
import type { Parts } from '#libs/parts';
import { type SettlementRow, settlementLine } from '#libs/payments/claim';
import { startLine } from '#libs/refunds/accept';
import { tellRefund } from '#libs/refunds/transition';
import { viewRefund } from '#libs/refunds/view';
import type { Pace } from '#libs/states/pace';

const AT_ONCE = 200;
const OPEN_REFUNDS = sql<boolean>`status not in ('succeeded', 'partially_succeeded', 'failed', 'canceled')`;

/**
 * Promises to start the carriers of open rows again that have been silent past their due time, and marks them: a workflow
 * that was terminated, or lost with its namespace, strands nothing. Returns how many.
 */
export async function restartOverdue(parts: Parts, pace: Pace): Promise<{ restarted: number }> {
  return parts.db.tx('overdue.restart', async tx => {
    const refunds = await overdueRefunds(tx);
    for (const refund of refunds) {
      const raised = await push(tx, 'refunds', refund.id, pace);
      const view = await viewRefund(tx, refund.id, parts.workflowUrl);
      await writeLineOnce(tx, startLine(pace, refund, view));
      if (raised)
        await tellRefund(tx, parts, refund.account_id, { type: 'system', id: 'restartOverdue' }, 'refund.needs_attention', view);
    }
    const payments = await overduePayments(tx);
    for (const payment of payments) {
      await push(tx, 'payments', payment.id, pace);
      await writeLineOnce(tx, settlementLine(pace, { ...payment, needs_attention: true }));
    }
    const treasuries = await overdueTreasuries(tx);
    for (const treasury of treasuries) {
      await sql`update treasuries set next_due_at = ${dueIn(pace.overdue_ms)} where id = ${treasury.id}`.execute(tx);
      await writeLineOnce(tx, {
        kind: 'start',
        workflowType: 'openTreasury',
        workflowId: treasury.carrier ?? `treasury:${treasury.id}`,
        input: { treasuryId: treasury.id, network: treasury.network, pace },
        search: { AccountId: treasury.account_id },
        summary: 'Open token accounts',
        accountId: treasury.account_id,
      });
    }
    const watches = await restartWatches(tx, pace);
    const restarted = refunds.length + payments.length + treasuries.length + watches;
    if (restarted > 0)
      parts.log.warn(
        { refunds: refunds.map(one => one.id), payments: payments.map(one => one.id) },
        'abandoned rows are started again',
      );
    return { restarted };
  });
}

const overdueRefunds = (tx: Tx) =>
  tx
    .selectFrom('refunds')
    .select(['id', 'account_id'])
    .where('next_due_at', '<', sql<Date>`now()`)
    .where(OPEN_REFUNDS)
    .orderBy('next_due_at')
    .limit(AT_ONCE)
    .forUpdate()
    .skipLocked()
    .execute();

const overduePayments = (tx: Tx): Promise<SettlementRow[]> =>
  tx
    .selectFrom('payments')
    .innerJoin('payment_links', 'payment_links.id', 'payments.link_id')
    .innerJoin('agents', 'agents.id', 'payments.agent_id')
    .select(['payments.id', 'payments.carrier', 'payments.account_id', 'payments.network', 'payments.price', 'payments.currency'])
    .select(['payment_links.slug', 'agents.mint'])
    .where('payments.next_due_at', '<', sql<Date>`now()`)
    .where('payments.status', '=', 'pending')
    .orderBy('payments.next_due_at')
    .limit(AT_ONCE)
    .forUpdate('payments')
    .skipLocked()
    .execute();

const overdueTreasuries = (tx: Tx) =>
  tx
    .selectFrom('treasuries')
    .select(['id', 'account_id', 'network', 'carrier'])
    .where('next_due_at', '<', sql<Date>`now()`)
    .where('carrier', 'is not', null)
    .limit(AT_ONCE)
    .forUpdate()
    .skipLocked()
    .execute();

/** Marks a row and gives its carrier time to come back; true where the mark is new. */
async function push(tx: Tx, table: 'refunds' | 'payments', id: string, pace: Pace): Promise<boolean> {
  const { rows } = await sql<{ before: boolean }>`
    update ${sql.table(table)} as row set needs_attention = true, updated_at = now(),
      next_due_at = ${dueIn(pace.overdue_ms)}
    from (select id, needs_attention as before from ${sql.table(table)} where id = ${id}) old
    where row.id = old.id returning old.before`.execute(tx);
  return rows[0]?.before === false;
}
