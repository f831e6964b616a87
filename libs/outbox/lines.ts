import { type RawBuilder, sql } from 'kysely';
import type { Tx } from '#libs/db/database';

/** Values of search attributes by their names in Temporal; times as RFC 3339 text. */
export type SearchValues = Record<string, string | number | boolean | string[]>;

/** A promise to start or wake a workflow, carried out by the relay after the commit. */
export interface NewLine {
  kind: 'start' | 'wake';
  workflowType: string;
  workflowId: string;
  /** The workflow's one argument, as JSON: ids, amounts as text, the pace. */
  input: object;
  search: SearchValues;
  /** One line for people, shown in the Temporal UI. */
  summary: string;
  accountId: string;
  /** 1 (first) to 5; 3 when left out. */
  priority?: 1 | 2 | 3 | 4 | 5;
  /** Not before this long from now; at once when left out. */
  delayMs?: number;
}

/** The channel on which the relay hears that lines were committed. */
export const OUTBOX_CHANNEL = 'outbox';

/** Writes a line, in the transaction of what it promises, and tells the relay on commit (not if the line is for later). */
export async function writeLine(tx: Tx, line: NewLine): Promise<void> {
  await sql`with ${lineWith(line)} ${announced(line)}`.execute(tx);
}

/** For a statement's `with`: the line as `line`. */
export const lineWith = (line: NewLine): RawBuilder<unknown> => sql`
    line as (
      insert into outbox (kind, workflow_type, workflow_id, input, search, summary, account_id, priority, next_at)
      values (${line.kind}, ${line.workflowType}, ${line.workflowId}, ${JSON.stringify(line.input)}::jsonb,
        ${JSON.stringify(line.search)}::jsonb, ${line.summary}, ${line.accountId}, ${line.priority ?? 3},
        clock_timestamp() + ${line.delayMs ?? 0}::float8 * interval '1 millisecond')
      returning id)`;

/** The end of a statement that wrote a line: tells the relay on commit. */
export const announced = (line: NewLine): RawBuilder<unknown> =>
  sql`select pg_notify(${OUTBOX_CHANNEL}, '') from line where ${line.delayMs ?? 0}::float8 = 0`;

/** Writes a line unless one for the same workflow is waiting already: whoever repeats a promise piles none up. */
export async function writeLineOnce(tx: Tx, line: NewLine): Promise<void> {
  const waiting = await tx
    .selectFrom('outbox')
    .select('id')
    .where('workflow_id', '=', line.workflowId)
    .limit(1)
    .executeTakeFirst();
  if (!waiting) await writeLine(tx, line);
}

/**
 * Writes a wake unless one is waiting that no relay has taken up: one under way may have reached its workflow before this
 * transaction is seen, and then the workflow would never hear of it.
 */
export async function writeWakeOnce(tx: Tx, line: Omit<NewLine, 'kind'>): Promise<void> {
  const { rows } = await sql`
    select from outbox where workflow_id = ${line.workflowId} and next_at <= clock_timestamp()
      and (leased_until is null or leased_until < clock_timestamp()) limit 1`.execute(tx);
  if (rows.length === 0) await writeLine(tx, { ...line, kind: 'wake' });
}

/** Takes back every line of a workflow, leased or not: what they promised has been done in this transaction. */
export async function deleteLines(tx: Tx, workflowId: string): Promise<number> {
  const gone = await tx.deleteFrom('outbox').where('workflow_id', '=', workflowId).executeTakeFirst();
  return Number(gone.numDeletedRows);
}
