import { sql } from 'kysely';
import type { Caller } from '#libs/accounts/find-caller';
import type { Reader } from '#libs/db/database';
import { cutPage, inPage, type Page, type PageAsk, positionAt } from '#libs/pages/page';
import { type PaymentView, viewPayments, type WorkflowUrl } from './view.ts';

type Owner = Pick<Caller, 'accountId' | 'network'>;

/** The caller's payment, or null: someone else's is null too. */
export async function readPayment(
  reader: Reader,
  owner: Owner,
  id: string,
  workflowUrl: WorkflowUrl,
): Promise<PaymentView | null> {
  const own = await ownPayments(reader, owner).select('payments.id').where('payments.id', '=', id).executeTakeFirst();
  if (!own) return null;
  const [view] = await viewPayments(reader, [own.id], workflowUrl);
  return view ?? null;
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
  let query = ownPayments(reader, owner)
    .select(['payments.id', positionAt('payments.created_at').as('position_at')])
    .where(inPage(cursorKey, ask, 'payments.created_at', 'payments.id'))
    .orderBy('payments.created_at', 'desc')
    .orderBy('payments.id', 'desc')
    .limit(ask.limit + 1);
  const { owner_agent, payment_link_id, status, payer, tx_sig, client_reference } = ask;
  if (owner_agent !== undefined) {
    query = query.where(
      sql<boolean>`payments.agent_id in (select id from agents where mint = ${owner_agent} and account_id = ${owner.accountId})`,
    );
  }
  if (payment_link_id !== undefined) {
    query = query.where(
      sql<boolean>`payments.link_id in (select id from payment_links where slug = ${payment_link_id} and account_id = ${owner.accountId})`,
    );
  }
  if (status !== undefined) query = query.where('payments.status', '=', status);
  if (payer !== undefined) query = query.where('payments.payer_owner', '=', payer);
  if (tx_sig !== undefined) query = query.where('payments.tx_sig', '=', tx_sig);
  if (client_reference !== undefined) query = query.where('payments.client_reference', '=', client_reference);
  const { rows, next_cursor } = cutPage(cursorKey, await query.execute(), ask.limit);
  const views = new Map(
    (
      await viewPayments(
        reader,
        rows.map(row => row.id),
        workflowUrl,
      )
    ).map(view => [view.id, view]),
  );
  return { items: rows.flatMap(row => views.get(row.id) ?? []), next_cursor };
}

const ownPayments = (reader: Reader, owner: Owner) =>
  reader.selectFrom('payments').where('payments.account_id', '=', owner.accountId).where('payments.network', '=', owner.network);
