import type { Caller } from '#libs/accounts/find-caller';
import type { Reader } from '#libs/db/database';
import { listKey } from '#libs/pages/cursor';
import { cutPage, inPage, type Page, type PageAsk, positionAt, viewPage } from '#libs/pages/page';
import type { WorkflowUrl } from '#libs/payments/view';
import { type RefundView, viewRefund, viewRefunds } from './view.ts';

type Owner = Pick<Caller, 'accountId' | 'network'>;

/** The caller's refund, or null; another account's is null too. */
export async function readRefund(reader: Reader, owner: Owner, id: string, workflowUrl: WorkflowUrl): Promise<RefundView | null> {
  const own = await reader
    .selectFrom('refunds')
    .select('id')
    .where('id', '=', id)
    .where('account_id', '=', owner.accountId)
    .where('network', '=', owner.network)
    .executeTakeFirst();
  return own ? viewRefund(reader, id, workflowUrl) : null;
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
  const key = listKey(cursorKey, 'refunds', owner.accountId, owner.network);
  let query = reader
    .selectFrom('refunds as r')
    .innerJoin('agents as a', 'a.id', 'r.agent_id')
    .innerJoin('payments as p', 'p.id', 'r.payment_id')
    .select(['r.id', positionAt('r.created_at').as('position_at')])
    .where('r.account_id', '=', owner.accountId)
    .where('r.network', '=', owner.network)
    .where(inPage(key, ask, 'r.created_at', 'r.id'))
    .orderBy('r.created_at', 'desc')
    .orderBy('r.id', 'desc')
    .limit(ask.limit + 1);
  if (ask.owner_agent !== undefined) query = query.where('a.mint', '=', ask.owner_agent);
  if (ask.payer !== undefined) query = query.where('p.payer_owner', '=', ask.payer);
  // Each leg has a transaction of its own.
  if (ask.tx_sig !== undefined) {
    const { tx_sig } = ask;
    query = query.where('r.id', 'in', eb => eb.selectFrom('legs').select('refund_id').where('tx_sig', '=', tx_sig));
  }
  if (ask.needs_attention !== undefined) query = query.where('r.needs_attention', '=', ask.needs_attention);
  for (const name of ['payment_id', 'status', 'external_id', 'reason', 'failure_code', 'client_reference', 'batch_id'] as const) {
    const value = ask[name];
    if (value !== undefined) query = query.where(`r.${name}`, '=', value);
  }
  for (const [name, column] of [
    ['completed', 'r.completed_at'],
    ['finalized', 'r.finalized_at'],
  ] as const) {
    const [from, to] = [ask[`${name}[gte]`], ask[`${name}[lt]`]];
    if (from !== undefined) query = query.where(column, '>=', new Date(from));
    if (to !== undefined) query = query.where(column, '<', new Date(to));
  }
  return viewPage(cutPage(key, await query.execute(), ask.limit), ids => viewRefunds(reader, ids, workflowUrl));
}
