import { type RawBuilder, sql } from 'kysely';
import type { Caller } from '#libs/accounts/find-caller';
import type { Reader } from '#libs/db/database';
import { cutPage, inPage, type Page, type PageAsk, positionAt } from '#libs/pages/page';
import type { WorkflowUrl } from '#libs/payments/view';
import { type RefundView, viewRefunds } from './view.ts';

type Owner = Pick<Caller, 'accountId' | 'network'>;

/** The caller's refund, or null: someone else's is null too. */
export async function readRefund(reader: Reader, owner: Owner, id: string, workflowUrl: WorkflowUrl): Promise<RefundView | null> {
  const own = await ownRefunds(reader, owner).select('r.id').where('r.id', '=', id).executeTakeFirst();
  if (!own) return null;
  const [view] = await viewRefunds(reader, [own.id], workflowUrl);
  return view ?? null;
}

export interface RefundListAsk extends PageAsk {
  payment_id?: string | undefined;
  status?: string | undefined;
  external_id?: string | undefined;
  owner_agent?: string | undefined;
  needs_attention?: boolean | undefined;
  tx_sig?: string | undefined;
  payer?: string | undefined;
  reason?: string | undefined;
  failure_code?: string | undefined;
  client_reference?: string | undefined;
  batch_id?: string | undefined;
  'completed[gte]'?: string | undefined;
  'completed[lt]'?: string | undefined;
  'finalized[gte]'?: string | undefined;
  'finalized[lt]'?: string | undefined;
}

/** A page of the caller's refunds, newest first. */
export async function listRefunds(
  reader: Reader,
  cursorKey: Buffer,
  owner: Owner,
  ask: RefundListAsk,
  workflowUrl: WorkflowUrl,
): Promise<Page<RefundView>> {
  const found = await ownRefunds(reader, owner)
    .select(['r.id', positionAt('r.created_at').as('position_at')])
    .where(inPage(cursorKey, ask, 'r.created_at', 'r.id'))
    .where(asked(owner, ask))
    .orderBy('r.created_at', 'desc')
    .orderBy('r.id', 'desc')
    .limit(ask.limit + 1)
    .execute();
  const { rows, next_cursor } = cutPage(cursorKey, found, ask.limit);
  const views = new Map(
    (
      await viewRefunds(
        reader,
        rows.map(row => row.id),
        workflowUrl,
      )
    ).map(view => [view.id, view]),
  );
  return { items: rows.flatMap(row => views.get(row.id) ?? []), next_cursor };
}

const ownRefunds = (reader: Reader, owner: Owner) =>
  reader.selectFrom('refunds as r').where('r.account_id', '=', owner.accountId).where('r.network', '=', owner.network);

type Condition = RawBuilder<boolean>;

/** One condition per filter; those that were not asked for are left out. */
const FILTERS: {
  [Name in Exclude<keyof RefundListAsk, keyof PageAsk>]: (value: NonNullable<RefundListAsk[Name]>, owner: Owner) => Condition;
} = {
  payment_id: id => sql`r.payment_id = ${id}`,
  status: status => sql`r.status = ${status}`,
  external_id: id => sql`r.external_id = ${id}`,
  owner_agent: (mint, owner) =>
    sql`r.agent_id in (select id from agents where mint = ${mint} and account_id = ${owner.accountId})`,
  needs_attention: needs => sql`r.needs_attention = ${needs}`,
  // Any leg's, not only the last one's, which is the refund's own.
  tx_sig: signature => sql`r.id in (select refund_id from legs where tx_sig = ${signature})`,
  payer: payer => sql`r.payment_id in (select id from payments where payer_owner = ${payer})`,
  reason: reason => sql`r.reason = ${reason}`,
  failure_code: code => sql`r.failure_code = ${code}`,
  client_reference: reference => sql`r.client_reference = ${reference}`,
  batch_id: id => sql`r.batch_id = ${id}`,
  'completed[gte]': time => sql`r.completed_at >= ${time}::timestamptz`,
  'completed[lt]': time => sql`r.completed_at < ${time}::timestamptz`,
  'finalized[gte]': time => sql`r.finalized_at >= ${time}::timestamptz`,
  'finalized[lt]': time => sql`r.finalized_at < ${time}::timestamptz`,
};

function asked(owner: Owner, ask: RefundListAsk): Condition {
  const conditions = Object.entries(FILTERS).flatMap(([name, condition]) => {
    const value = ask[name as keyof typeof FILTERS];
    return value === undefined ? [] : [(condition as (value: unknown, owner: Owner) => Condition)(value, owner)];
  });
  return conditions.length === 0 ? sql`true` : sql`(${sql.join(conditions, sql` and `)})`;
}
