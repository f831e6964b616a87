import { sql } from 'kysely';
import type { Parts } from '#libs/parts';
import type { Start } from '#workflows/client/start';

export interface ClaimedLine extends Start {
  id: string;
  kind: 'start' | 'wake';
  attempts: number;
}

interface Row {
  id: string;
  kind: 'start' | 'wake';
  workflow_type: string;
  workflow_id: string;
  input: object;
  search: Record<string, unknown>;
  summary: string;
  account_id: string;
  priority: number;
  attempts: number;
}

/**
 * Leases due lines, by priority and round-robin over accounts, in a short transaction of its own: the lease is committed
 * before anything is done. Several relays can claim at once; a line whose relay died is due again when its lease is over.
 */
export function claimLines(parts: Parts, limit: number, lease_ms: number): Promise<ClaimedLine[]> {
  return parts.db.tx('relay.claim', async tx => {
    const { rows } = await sql<Row>`
      with due as (
        -- So many of each account, so that one account's backlog hides nobody's lines.
        select line.id, line.priority, row_number() over (partition by line.account_id, line.priority order by line.next_at, line.id) as turn
        from (select distinct account_id from outbox where next_at <= clock_timestamp()) accounts
        cross join lateral (
          select id, account_id, priority, next_at from outbox
          where account_id = accounts.account_id and next_at <= clock_timestamp()
            and (leased_until is null or leased_until < clock_timestamp())
          order by priority, next_at limit ${limit}) line
      ), picked as (
        select outbox.id from outbox join due on due.id = outbox.id
        where leased_until is null or leased_until < clock_timestamp()
        order by due.priority, due.turn, due.id limit ${limit} for update of outbox skip locked
      )
      update outbox set leased_until = clock_timestamp() + ${lease_ms}::float8 * interval '1 millisecond', attempts = attempts + 1
      from picked where outbox.id = picked.id
      returning outbox.id, kind, workflow_type, workflow_id, input, search, summary, account_id, priority, attempts`.execute(tx);
    return rows.map(row => ({
      id: row.id,
      kind: row.kind,
      workflowType: row.workflow_type,
      workflowId: row.workflow_id,
      input: row.input,
      search: row.search,
      summary: row.summary,
      accountId: row.account_id,
      priority: row.priority,
      attempts: row.attempts,
    }));
  });
}

/** A line that was carried out is gone. */
export function finishLine(parts: Parts, line: ClaimedLine): Promise<unknown> {
  return parts.db.tx('relay.done', tx => tx.deleteFrom('outbox').where('id', '=', line.id).execute());
}

/** Many failures are no hiccup any more: the refund shows that it needs someone. */
const ATTENTION_AFTER = 8;
const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 30_000;

/** A line that could not be carried out is due again, later each time. */
export function postponeLine(parts: Parts, line: ClaimedLine, error: string): Promise<unknown> {
  const wait_ms = Math.min(FIRST_WAIT_MS * 2 ** Math.min(line.attempts, 10), LONGEST_WAIT_MS);
  return parts.db.tx('relay.failed', async tx => {
    await sql`
      update outbox set leased_until = null, last_error = ${error},
        next_at = clock_timestamp() + ${wait_ms}::float8 * interval '1 millisecond' where id = ${line.id}`.execute(tx);
    if (line.attempts < ATTENTION_AFTER) return;
    await sql`update refunds set needs_attention = true where carrier = ${line.workflowId} and not needs_attention
      and status not in ('succeeded', 'partially_succeeded', 'failed', 'canceled')`.execute(tx);
    await sql`update payments set needs_attention = true where carrier = ${line.workflowId} and not needs_attention`.execute(tx);
  });
}
