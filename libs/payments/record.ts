import { sql } from 'kysely';
import type { Tx } from '#libs/db/database';
import { claimMovement } from '#libs/funds/movements';
import { openPaymentAccount } from '#libs/ledger/open-payment-account';
import { transfer } from '#libs/ledger/transfer';
import type { Network } from '#libs/money/assets';
import { mustAtoms } from '#libs/money/atoms';
import { deleteLines } from '#libs/outbox/lines';
import { writeOutcome } from '#libs/outbox/outcome';
import { type EventKind, writeEvent } from '#libs/outbox/write-event';
import type { Parts } from '#libs/parts';
import { bodyHash } from '#libs/receipts/hash';
import { publishEarn } from '#libs/receipts/publish-earn';
import { causesOf } from '#libs/states/cause';
import type { LandedPayment, Run } from '#libs/states/outcomes';
import { paymentEdge } from '#libs/states/payment';
import { type ResponseTemplate, renderTemplate, wrapWithReceipt } from './answer-template.ts';
import { settledName } from './name-by-balance.ts';
import { tellPayment } from './tell.ts';
import { viewPayment } from './view.ts';

const DEFAULT_REPLAY_SECONDS = 900;

/**
 * Writes a landed payment into the books: row, ledger, receipt, answer, counters and events, in one transaction. Safe to
 * repeat: a payment that is recorded already is left as it is.
 */
export async function recordSettlement(
  parts: Parts,
  paymentId: string,
  run: Run,
  landed: LandedPayment,
): Promise<{ status: string }> {
  return parts.db.tx('settle.record', async tx => {
    const payment = await tx.selectFrom('payments').selectAll().where('id', '=', paymentId).forUpdate().executeTakeFirstOrThrow();
    if (payment.status !== 'pending' || payment.carrier !== run.workflow_id) return { status: payment.status };
    if (payment.receipt_hash !== null) return reopenEnded(tx, parts, payment, run, landed);
    const link = await readLink(tx, payment.link_id);
    const network = payment.network as Network;
    const captured = mustAtoms(landed.captured_atomic);
    const occurredAt = new Date(landed.block_time);
    const actor = { type: 'workflow', id: run.workflow_id };

    await openPaymentAccount(tx, { paymentId, asset: payment.asset });
    // Shown only now, it may stand in suspense already.
    const till = { treasuryId: payment.treasury_id, mint: payment.asset };
    await claimMovement(tx, till, landed.tx_sig, occurredAt);
    await transfer(tx, {
      id: `${paymentId}:settle`,
      kind: 'single',
      network,
      asset: payment.asset,
      amount: captured,
      debit: { code: 'treasury', object: payment.treasury_id },
      credit: { code: 'payment', object: paymentId },
      occurredAt,
      source: { type: 'payment', id: paymentId },
      signature: landed.tx_sig,
    });
    await countSettled(tx, payment.link_id, landed);

    const template = link.response as unknown as ResponseTemplate;
    const rendered = renderTemplate(template);
    const request = payment.request as { method: string; url: string; body_hash: string | null };
    const { hash, body: receipt } = await publishEarn(
      tx,
      parts.ids,
      {
        agentId: payment.agent_id,
        accountId: payment.account_id,
        network,
        paymentId,
        actor,
        clientReference: payment.client_reference,
        at: parts.clock.now(),
      },
      {
        agent: link.mint,
        request: { method: request.method, url: request.url, bodyHash: request.body_hash },
        amount: captured,
        currency: payment.currency,
        network,
        asset: payment.asset,
        facilitator: parts.facilitators.get(network)?.url ?? null,
        txSig: landed.tx_sig,
        paymentRequirementsHash: payment.requirements_hash,
        response: { status: rendered.status, bodyHash: bodyHash(rendered.body) },
      },
    );
    await tx
      .updateTable('payments')
      .set({
        status: 'settled',
        captured: landed.captured_atomic,
        payer_owner: landed.payer?.owner ?? null,
        payer_account: landed.payer?.token_account ?? null,
        payer_how: landed.payer?.how ?? null,
        tx_sig: landed.tx_sig,
        slot: landed.slot,
        block_time: occurredAt,
        network_fee_lamports: landed.fee_lamports,
        receipt_hash: hash,
        waiting: null,
        needs_attention: false,
        next_due_at: null,
        delivery_status: 'delivered',
        delivery_http_status: rendered.status,
        settled_at: sql`now()`,
        updated_at: sql`now()`,
      })
      .where('id', '=', paymentId)
      .execute();
    await keepAnswer(tx, paymentId, link, link.wrap_receipt ? wrapWithReceipt(template, receipt) : rendered);

    const view = await viewPayment(tx, paymentId, parts.workflowUrl);
    await tellPayment(tx, parts.ids, payment.account_id, actor, 'payment.settled', view);
    await tellPayment(tx, parts.ids, payment.account_id, actor, 'payment.delivered', view);
    await writeEvent(tx, parts.ids, {
      kind: 'payment_link.settled',
      network,
      accountId: payment.account_id,
      agent: link.mint,
      actor,
      object: { type: 'payment_link', id: payment.link_id },
      related: { payment_id: paymentId, payment_link_id: link.slug, receipt_hash: hash },
      clientReference: payment.client_reference,
      txSig: landed.tx_sig,
      amount: captured,
      asset: payment.asset,
      data: { payment_link_id: link.slug, payment: view },
    });
    await deleteLines(tx, run.workflow_id);
    await writeOutcome(tx, run, 'settlePayment', 'settled', paymentId);
    parts.log.info({ payment_id: paymentId, workflow_id: run.workflow_id, tx_sig: landed.tx_sig }, 'payment recorded');
    return { status: 'settled' };
  });
}

/** A payment that was gone from the chain is there again: it gets the name of its balance back, and nothing is booked twice. */
async function reopenEnded(
  tx: Tx,
  parts: Parts,
  payment: { id: string; account_id: string },
  run: Run,
  landed: LandedPayment,
): Promise<{ status: string }> {
  const status = await settledName(tx, payment.id);
  const where = { slot: landed.slot, block_time: new Date(landed.block_time) };
  await tx
    .updateTable('payments')
    .set({ status, ...where, waiting: null, needs_attention: false, next_due_at: null, updated_at: sql`now()` })
    .where('id', '=', payment.id)
    .execute();
  const view = await viewPayment(tx, payment.id, parts.workflowUrl);
  const actor = { type: 'workflow', id: run.workflow_id };
  const kind = paymentEdge('pending', status, causesOf(actor))?.event ?? 'payment.settled';
  await tellPayment(tx, parts.ids, payment.account_id, actor, kind as EventKind, view);
  await deleteLines(tx, run.workflow_id);
  await writeOutcome(tx, run, 'settlePayment', status, payment.id);
  return { status };
}

const readLink = (tx: Tx, linkId: string) =>
  tx
    .selectFrom('payment_links')
    .innerJoin('agents', 'agents.id', 'payment_links.agent_id')
    .select([
      'payment_links.slug',
      'payment_links.response',
      'payment_links.wrap_receipt',
      'payment_links.delivery',
      'agents.mint',
    ])
    .where('payment_links.id', '=', linkId)
    .executeTakeFirstOrThrow();

async function countSettled(tx: Tx, linkId: string, landed: LandedPayment): Promise<void> {
  await sql`
    insert into link_counters (link_id, settled_count, last_settled_at, last_tx_sig, gross)
    values (${linkId}, 1, now(), ${landed.tx_sig}, ${landed.captured_atomic}::numeric)
    on conflict (link_id) do update set settled_count = link_counters.settled_count + 1, last_settled_at = now(),
      last_tx_sig = excluded.last_tx_sig, gross = link_counters.gross + excluded.gross`.execute(tx);
}

/** The answer is kept as it will be given, so that a lost one can be had again, byte for byte. */
async function keepAnswer(
  tx: Tx,
  paymentId: string,
  link: { delivery: unknown },
  answer: { status: number; mimeType: string; body: Buffer },
): Promise<void> {
  const replay = (link.delivery as { replay_seconds?: number } | null)?.replay_seconds ?? DEFAULT_REPLAY_SECONDS;
  await tx
    .insertInto('payment_answers')
    .values({
      payment_id: paymentId,
      status: answer.status,
      mime_type: answer.mimeType,
      body: answer.body,
      kept_until: sql<Date>`now() + ${replay}::float8 * interval '1 second'`,
    })
    .execute();
}
