import { sql } from 'kysely';
import type { Tx } from '#libs/db/database';
import type { Network } from '#libs/money/assets';
import { mustAtoms } from '#libs/money/atoms';
import { writeEvent } from '#libs/outbox/write-event';
import type { Parts } from '#libs/parts';

/** A buyer with a proof that is claimed: what they showed, and where. */
export interface Showing {
  messageHash: Buffer;
  /** The link the proof was shown at, by its internal id. */
  linkId: string;
  secretShown: boolean;
}

export interface AnsweredPayment {
  id: string;
  network: Network;
  txSig: string | null;
  payer: string | null;
}

/** What a buyer gets for a claimed proof (API.md, "Lost answer"). */
export type BuyerAnswer =
  | { kind: 'served'; payment: AnsweredPayment; status: number; mimeType: string; body: Buffer; replayed: boolean }
  /** Submitted or about to be, outcome unknown: never a reason to pay again. */
  | { kind: 'pending'; payment: AnsweredPayment }
  /** Refused before it was submitted, or proven dead: the buyer may pay anew. */
  | { kind: 'failed'; payment: AnsweredPayment; code: string }
  | { kind: 'refunded'; refundId: string }
  | { kind: 'reused' }
  /** The answer was too long to keep, or it is too late for another. */
  | { kind: 'not_kept'; payment: AnsweredPayment };

/**
 * Answers a claimed proof from its row, and notes that it is answered, in one transaction: whoever is first is served; after
 * that only who shows the secret is, again and byte for byte, while the answer is kept. Returns null for an unclaimed proof.
 */
export function answerBuyer(parts: Parts, showing: Showing): Promise<BuyerAnswer | null> {
  return parts.db.tx('api.pay.answer', async tx => {
    const row = await tx
      .selectFrom('payments')
      .selectAll()
      .where('message_hash', '=', showing.messageHash)
      .forUpdate()
      .executeTakeFirst();
    if (!row) return null;
    if (row.link_id !== showing.linkId) return { kind: 'reused' };
    // Whoever reads the chain could show the bytes, but not the secret.
    if (row.secret_shown && !showing.secretShown) return { kind: 'reused' };
    const payment: AnsweredPayment = { id: row.id, network: row.network as Network, txSig: row.tx_sig, payer: row.payer_owner };
    if (row.status === 'pending') return { kind: 'pending', payment };
    if (row.status === 'failed') return { kind: 'failed', payment, code: row.failure_code ?? 'settlement_failed' };
    const refundId = await refundInsteadOfAnswer(tx, row.id);
    if (refundId) return { kind: 'refunded', refundId };
    const again = row.answered_at !== null;
    if (again && !showing.secretShown) return { kind: 'reused' };
    const answer = await tx.selectFrom('payment_answers').selectAll().where('payment_id', '=', row.id).executeTakeFirst();
    if (!answer?.body) return { kind: 'not_kept', payment };
    if (again && answer.kept_until <= parts.clock.now()) return { kind: 'reused' };
    if (!again) await tx.updateTable('payments').set({ answered_at: sql`now()` }).where('id', '=', row.id).execute();
    await tellServed(tx, parts, row, again);
    return { kind: 'served', payment, status: answer.status, mimeType: answer.mime_type, body: answer.body, replayed: again };
  });
}

/** An `undelivered` refund, or refunds that leave nothing of what was captured: the buyer gets the money instead. */
async function refundInsteadOfAnswer(tx: Tx, paymentId: string): Promise<string | null> {
  const { rows } = await sql<{ id: string }>`
    select r.id from refunds r join payment_balances b on b.account = 'payment:' || r.payment_id
    where r.payment_id = ${paymentId} and r.status not in ('failed', 'canceled')
      and (r.reason = 'undelivered' or b.refundable = 0)
    order by r.created_at desc limit 1`.execute(tx);
  return rows[0]?.id ?? null;
}

interface ServedRow {
  id: string;
  account_id: string;
  network: string;
  link_id: string;
  tx_sig: string | null;
  receipt_hash: string | null;
  client_reference: string | null;
  captured: string | null;
  asset: string;
}

async function tellServed(tx: Tx, parts: Parts, row: ServedRow, replayed: boolean): Promise<void> {
  const link = await tx
    .selectFrom('payment_links')
    .innerJoin('agents', 'agents.id', 'payment_links.agent_id')
    .select(['payment_links.slug', 'agents.mint'])
    .where('payment_links.id', '=', row.link_id)
    .executeTakeFirstOrThrow();
  await writeEvent(tx, parts.ids, {
    kind: 'payment_link.served',
    network: row.network as Network,
    accountId: row.account_id,
    agent: link.mint,
    actor: { type: 'buyer', id: row.id },
    object: { type: 'payment_link', id: row.link_id },
    related: { payment_id: row.id, payment_link_id: link.slug, receipt_hash: row.receipt_hash },
    clientReference: row.client_reference,
    txSig: row.tx_sig,
    amount: row.captured === null ? null : mustAtoms(row.captured),
    asset: row.asset,
    data: { payment_link_id: link.slug, payment_id: row.id, replayed },
  });
}
