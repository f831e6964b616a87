import { sql } from 'kysely';
import type { Reader } from '#libs/db/database';
import type { WorkflowUrl } from '#libs/payments/view';
import type { Waiting } from '#libs/states/waiting';

/** What a reader of the books sees of a refund; the wire's object (API.md). Amounts in atoms as text. */
export interface RefundView {
  id: string;
  payment_id: string;
  batch_id: string | null;
  network: string;
  owner_agent: string;
  status: string;
  waiting: Waiting | null;
  needs_attention: boolean;
  amount_atomic: string;
  payer_receives_atomic: string;
  moved_atomic: string;
  voided_atomic: string;
  currency: string;
  asset: string;
  source: string;
  fee: { amount_atomic: string } | null;
  destination: { owner: string; token_account: string; how: string } | null;
  original_tx_sig: string;
  original_receipt_hash: string | null;
  tx_sig: string | null;
  receipt_hash: string | null;
  transfers: TransferView[];
  reason: string;
  reason_text: string | null;
  external_id: string | null;
  metadata: Record<string, unknown>;
  client_reference: string | null;
  initiator: { type: string; id: string };
  approval: { by: string; at: string; reason: string | null } | null;
  failure: { code: string; message: string } | null;
  payment: {
    id: string;
    status: string;
    amount_atomic: string;
    refunded_atomic: string;
    reserved_atomic: string;
    cashback_atomic: string;
    refundable_atomic: string;
  };
  workflow: { id: string; url: string | null };
  created_at: string;
  updated_at: string;
  completed_at: string | null;
  finalized_at: string | null;
}

export interface TransferView {
  id: string;
  leg: number;
  amount_atomic: string;
  payer_receives_atomic: string;
  destination_token_account: string | null;
  status: string;
  tx_sig: string | null;
  slot: string | null;
  network_fee_lamports: string | null;
  rent_lamports: string | null;
  attempts: { attempt: number; signature: string; last_valid_block_height: string; outcome: string }[];
}

interface Row {
  view: Omit<RefundView, 'workflow' | 'created_at' | 'updated_at' | 'completed_at' | 'finalized_at'>;
  account_id: string;
  carrier: string;
  created_at: Date;
  updated_at: Date;
  completed_at: Date | null;
  finalized_at: Date | null;
}

/** Refunds by id, in no order. The caller has checked whose they are. */
export async function viewRefunds(reader: Reader, ids: readonly string[], workflowUrl: WorkflowUrl): Promise<RefundView[]> {
  if (ids.length === 0) return [];
  const { rows } = await sql<Row>`
    select r.account_id, r.carrier, r.created_at, r.updated_at, r.completed_at, r.finalized_at, json_build_object(
      'id', r.id, 'payment_id', r.payment_id, 'batch_id', r.batch_id, 'network', r.network, 'owner_agent', a.mint,
      'status', r.status, 'waiting', r.waiting, 'needs_attention', r.needs_attention,
      'amount_atomic', r.amount::text, 'payer_receives_atomic', (r.amount - r.fee)::text,
      'moved_atomic', l.moved::text, 'voided_atomic', l.voided::text,
      'currency', r.currency, 'asset', r.asset, 'source', r.source,
      'fee', case when r.fee > 0 then json_build_object('amount_atomic', r.fee::text) end,
      'destination', case when r.destination_owner is not null then json_build_object('owner', r.destination_owner,
        'token_account', r.destination_account, 'how', r.destination_how) end,
      'original_tx_sig', p.tx_sig, 'original_receipt_hash', p.receipt_hash, 'tx_sig', r.tx_sig, 'receipt_hash', r.receipt_hash,
      'transfers', l.transfers, 'reason', r.reason, 'reason_text', r.reason_text, 'external_id', r.external_id,
      'metadata', r.metadata, 'client_reference', r.client_reference,
      'initiator', json_build_object('type', r.initiator_type, 'id', r.initiator_id), 'approval', null,
      'failure', case when r.failure_code is not null then json_build_object('code', r.failure_code, 'message', r.failure_message) end,
      'payment', json_build_object('id', p.id, 'status', p.status, 'amount_atomic', p.captured::text,
        'refunded_atomic', b.refunded::text, 'reserved_atomic', b.reserved::text, 'cashback_atomic', '0',
        'refundable_atomic', b.refundable::text)) as view
    from refunds r
    join payments p on p.id = r.payment_id
    join agents a on a.id = r.agent_id
    join payment_balances b on b.account = 'payment:' || p.id
    cross join lateral (
      select coalesce(sum(g.amount) filter (where g.status = 'posted'), 0) as moved,
        coalesce(sum(g.amount) filter (where g.status = 'voided'), 0) as voided,
        json_agg(json_build_object('id', g.id, 'leg', g.leg, 'amount_atomic', g.amount::text,
          'payer_receives_atomic', (g.amount - g.fee)::text, 'destination_token_account', g.destination_account, 'status', g.status,
          'tx_sig', g.tx_sig, 'slot', g.slot::text, 'network_fee_lamports', g.network_fee_lamports::text,
          'rent_lamports', g.rent_lamports::text,
          'attempts', (select coalesce(json_agg(json_build_object('attempt', t.number, 'signature', t.signature,
              'last_valid_block_height', t.last_valid_block_height::text, 'outcome', t.outcome) order by t.number), '[]')
            from attempt_legs al join attempts t on t.id = al.attempt_id where al.leg_id = g.id)) order by g.leg) as transfers
      from legs g where g.refund_id = r.id) l
    where r.id = any(${ids as string[]}::text[])`.execute(reader);
  return rows.map(row => ({
    ...row.view,
    workflow: { id: row.carrier, url: workflowUrl(row.carrier) },
    created_at: row.created_at.toISOString(),
    updated_at: row.updated_at.toISOString(),
    completed_at: row.completed_at?.toISOString() ?? null,
    finalized_at: row.finalized_at?.toISOString() ?? null,
  }));
}

/** One refund that is known to exist. */
export async function viewRefund(reader: Reader, id: string, workflowUrl: WorkflowUrl): Promise<RefundView> {
  const [view] = await viewRefunds(reader, [id], workflowUrl);
  if (!view) throw new Error(`no refund ${id}`);
  return view;
}
