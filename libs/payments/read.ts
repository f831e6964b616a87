import type { Caller } from '#libs/accounts/find-caller';
import type { Reader } from '#libs/db/database';
import { listKey } from '#libs/pages/cursor';
import { cutPage, inPage, type Page, type PageAsk, positionAt, viewPage } from '#libs/pages/page';
import { type PaymentView, viewPayment, viewPayments, type WorkflowUrl } from './view.ts';

type Owner = Pick<Caller, 'accountId' | 'network'>;

/** The caller's payment, or null; another account's is null too. */
export async function readPayment(
  reader: Reader,
  owner: Owner,
  id: string,
  workflowUrl: WorkflowUrl,
): Promise<PaymentView | null> {
  const own = await reader
    .selectFrom('payments')
    .select('id')
    .where('id', '=', id)
    .where('account_id', '=', owner.accountId)
    .where('network', '=', owner.network)
    .executeTakeFirst();
  return own ? viewPayment(reader, id, workflowUrl) : null;
}

export interface PaymentListAsk extends PageAsk {
  owner_agent?: string | undefined;
  payment_link_id?: string | undefined;
  status?: string | undefined;
  payer?: string | undefined;
  tx_sig?: string | undefined;
  client_reference?: string | undefined;
}

/** A page of the caller's payments, newest first. */
export async function listPayments(
  reader: Reader,
  cursorKey: Buffer,
  owner: Owner,
  ask: PaymentListAsk,
  workflowUrl: WorkflowUrl,
): Promise<Page<PaymentView>> {
  const key = listKey(cursorKey, 'payments', owner.accountId, owner.network);
  let query = reader
    .selectFrom('payments as p')
    .innerJoin('agents as a', 'a.id', 'p.agent_id')
    .innerJoin('payment_links as k', 'k.id', 'p.link_id')
    .select(['p.id', positionAt('p.created_at').as('position_at')])
    .where('p.account_id', '=', owner.accountId)
    .where('p.network', '=', owner.network)
    .where(inPage(key, ask, 'p.created_at', 'p.id'))
    .orderBy('p.created_at', 'desc')
    .orderBy('p.id', 'desc')
    .limit(ask.limit + 1);
  if (ask.owner_agent !== undefined) query = query.where('a.mint', '=', ask.owner_agent);
  if (ask.payment_link_id !== undefined) query = query.where('k.slug', '=', ask.payment_link_id);
  if (ask.status !== undefined) query = query.where('p.status', '=', ask.status);
  if (ask.payer !== undefined) query = query.where('p.payer_owner', '=', ask.payer);
  if (ask.tx_sig !== undefined) query = query.where('p.tx_sig', '=', ask.tx_sig);
  if (ask.client_reference !== undefined) query = query.where('p.client_reference', '=', ask.client_reference);
  return viewPage(cutPage(key, await query.execute(), ask.limit), ids => viewPayments(reader, ids, workflowUrl));
}
