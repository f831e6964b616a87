import { sql } from 'kysely';
import type { Reader } from '#libs/db/database';
import type { Waiting } from '#libs/states/waiting';

/** What a reader of the books sees of a payment; the wire's object (API.md). Amounts in atoms as text. */
export interface PaymentView {
  id: string;
  network: string;
  protocol: string;
  payment_link_id: string;
  owner_agent: string;
  status: string;
  amount_atomic: string | null;
  price_atomic: string;
  currency: string;
  asset: string;
  token_program: string;
  payer: { owner: string; token_account: string } | null;
  tx_sig: string | null;
  slot: string | null;
  receipt_hash: string | null;
  refunded_atomic: string;
  reserved_atomic: string;
  cashback_atomic: string;
  refundable_atomic: string;
  delivery: { status: string; http_status: number | null; error: string | null };
  network_fee_lamports: string | null;
  waiting: Waiting | null;
  needs_attention: boolean;
  failure: { code: string; message: string } | null;
  client_reference: string | null;
  workflow: { id: string; url: string | null };
  created_at: string;
  settled_at: string | null;
  finalized_at: string | null;
}

export type WorkflowUrl = (workflowId: string) => string | null;

interface Row {
  view: Omit<PaymentView, 'workflow' | 'created_at' | 'settled_at' | 'finalized_at'>;
  carrier: string;
  created_at: Date;
  settled_at: Date | null;
  finalized_at: Date | null;
}

/** Payments by id, in no order. The caller has checked whose they are. */
export async function viewPayments(reader: Reader, ids: readonly string[], workflowUrl: WorkflowUrl): Promise<PaymentView[]> {
  if (ids.length === 0) return [];
  const { rows } = await sql<Row>`
    select p.carrier, p.created_at, p.settled_at, p.finalized_at, json_build_object(
      'id', p.id, 'network', p.network, 'protocol', p.protocol, 'payment_link_id', k.slug, 'owner_agent', a.mint,
      'status', p.status, 'amount_atomic', p.captured::text, 'price_atomic', p.price::text, 'currency', p.currency,
      'asset', p.asset, 'token_program', p.token_program,
      'payer', case when p.payer_owner is not null then json_build_object('owner', p.payer_owner, 'token_account', p.payer_account) end,
      'tx_sig', p.tx_sig, 'slot', p.slot::text, 'receipt_hash', p.receipt_hash,
      'refunded_atomic', coalesce(b.refunded, 0)::text, 'reserved_atomic', coalesce(b.reserved, 0)::text,
      'cashback_atomic', '0', 'refundable_atomic', coalesce(b.refundable, 0)::text,
      'delivery', json_build_object('status', p.delivery_status, 'http_status', p.delivery_http_status, 'error', p.delivery_error),
      'network_fee_lamports', p.network_fee_lamports::text, 'waiting', p.waiting, 'needs_attention', p.needs_attention,
      'failure', case when p.failure_code is not null then json_build_object('code', p.failure_code, 'message', p.failure_message) end,
      'client_reference', p.client_reference) as view
    from payments p
    join payment_links k on k.id = p.link_id
    join agents a on a.id = p.agent_id
    left join payment_balances b on b.account = 'payment:' || p.id
    where p.id = any(${ids as string[]}::text[])`.execute(reader);
  return rows.map(row => ({
    ...row.view,
    workflow: { id: row.carrier, url: workflowUrl(row.carrier) },
    created_at: row.created_at.toISOString(),
    settled_at: row.settled_at?.toISOString() ?? null,
    finalized_at: row.finalized_at?.toISOString() ?? null,
  }));
}

/** One payment that is known to exist. */
export async function viewPayment(reader: Reader, id: string, workflowUrl: WorkflowUrl): Promise<PaymentView> {
  const [view] = await viewPayments(reader, [id], workflowUrl);
  if (!view) throw new Error(`no payment ${id}`);
  return view;
}
