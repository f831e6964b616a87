import { sql } from 'kysely';
import type { Tx } from '#libs/db/database';
import { post } from '#libs/ledger/resolve';
import { transfer } from '#libs/ledger/transfer';
import type { Network } from '#libs/money/assets';
import { mustAtoms } from '#libs/money/atoms';
import { deleteLines } from '#libs/outbox/lines';
import { writeOutcome } from '#libs/outbox/outcome';
import type { EventKind } from '#libs/outbox/write-event';
import type { Parts } from '#libs/parts';
import { nameByBalance } from '#libs/payments/name-by-balance';
import { tellPayment } from '#libs/payments/tell';
import { viewPayment } from '#libs/payments/view';
import { publishRefund } from '#libs/receipts/publish-refund';
import type { LandedLeg, Run } from '#libs/states/outcomes';
import { type PaymentStatus, paymentEdge } from '#libs/states/payment';
import { isDead, markLanded } from '#libs/transfers/attempts';
import { type Actor, moveRefund } from './transition.ts';
import type { RefundView } from './view.ts';

/**
 * Posts one landed leg: ledger, receipt, states and events in one transaction; the last leg ends the refund. Safe to
 * repeat: a posted leg is left as it is. Returns the refund's status.
 */
export async function postLeg(
  parts: Parts,
  ref: { legId: string; refundId: string },
  run: Run,
  landed: LandedLeg,
): Promise<{ status: string; tx_sig: string }> {
  return parts.db.tx('refund.post', async tx => {
    const locked = await lockAll(tx, ref);
    const { refund, leg } = locked;
    if (leg.status === 'posted' || refund.carrier !== run.workflow_id) return { status: refund.status, tx_sig: landed.tx_sig };
    // Seen by a run that was slow, and since then gone, proven dead and taken back: the chain has not moved it.
    if (await isDead(tx, landed.attempt_id, leg.id)) return { status: refund.status, tx_sig: landed.tx_sig };
    if (leg.receipt_hash !== null) return repost(tx, parts, refund, leg.id, run, landed);
    const { status } = await postLocked(tx, parts, locked, { type: 'workflow', id: run.workflow_id }, run, landed);
    parts.log.info(
      {
        payment_id: locked.payment.id,
        refund_id: refund.id,
        leg_id: leg.id,
        workflow_id: run.workflow_id,
        tx_sig: landed.tx_sig,
      },
      'refund posted',
    );
    return { status, tx_sig: landed.tx_sig };
  });
}

/** Books a leg that the chain has moved, under its locks; whoever says so. `run` is the carrier's, which the last leg ends. */
export async function postLocked(
  tx: Tx,
  desk: Pick<Parts, 'ids' | 'clock' | 'workflowUrl'>,
  { payment, refund, leg }: Awaited<ReturnType<typeof lockAll>>,
  actor: Actor,
  run: Run | null,
  landed: LandedLeg,
): Promise<RefundView> {
  const network = refund.network as Network;
  const occurredAt = new Date(landed.block_time);

  await markLanded(tx, landed.attempt_id);
  await post(tx, { id: `${leg.reservation_id}:post`, pendingId: leg.reservation_id, occurredAt, signature: landed.tx_sig });
  await bookFee(tx, refund.account_id, network, refund.id, landed);
  await tx
    .updateTable('legs')
    .set({
      status: 'posted',
      tx_sig: landed.tx_sig,
      slot: landed.slot,
      block_time: occurredAt,
      network_fee_lamports: landed.fee_lamports,
    })
    .where('id', '=', leg.id)
    .execute();
  const last = await allPosted(tx, refund.id);
  const statusBefore = payment.status as PaymentStatus;
  const statusAfter = await nameByBalance(tx, payment.id, statusBefore);
  await countRefunded(tx, payment.link_id, leg.amount, last);
  if (!payment.tx_sig || !payment.receipt_hash || !refund.destination_account)
    throw new Error(`payment ${payment.id} has no receipt`);
  const { hash } = await publishRefund(
    tx,
    desk.ids,
    {
      agentId: refund.agent_id,
      accountId: refund.account_id,
      network,
      paymentId: payment.id,
      refundId: refund.id,
      actor,
      clientReference: refund.client_reference,
      at: desk.clock.now(),
    },
    {
      agent: payment.mint,
      amount: mustAtoms(leg.amount),
      currency: refund.currency,
      network,
      asset: refund.asset,
      txSig: landed.tx_sig,
      original: { txSig: payment.tx_sig, receiptHash: payment.receipt_hash },
      destinationTokenAccount: refund.destination_account,
      reason: refund.reason,
    },
  );
  await tx.updateTable('legs').set({ receipt_hash: hash }).where('id', '=', leg.id).execute();
  await tx.updateTable('refunds').set({ tx_sig: landed.tx_sig, receipt_hash: hash }).where('id', '=', refund.id).execute();
  const to = last ? 'succeeded' : 'processing';
  const view = await moveRefund(tx, desk, refund, actor, { to, waiting: null, completed: last });
  const edge = paymentEdge(statusBefore, statusAfter);
  if (edge || statusAfter === 'partially_refunded') {
    const kind = (edge?.event ?? 'payment.partially_refunded') as EventKind;
    await tellPayment(tx, desk.ids, refund.account_id, actor, kind, await viewPayment(tx, payment.id, desk.workflowUrl));
  }
  if (last && run) {
    await deleteLines(tx, run.workflow_id);
    await writeOutcome(tx, run, 'refundPayment', view.status, refund.id);
  }
  return view;
}

/** A leg that was gone from the chain is there again: its posting stands, and nothing is booked twice. */
async function repost(tx: Tx, parts: Parts, refund: LockedRefund, legId: string, run: Run, landed: LandedLeg) {
  const where = { slot: landed.slot, block_time: new Date(landed.block_time) };
  await tx
    .updateTable('legs')
    .set({ status: 'posted', ...where })
    .where('id', '=', legId)
    .execute();
  const last = await allPosted(tx, refund.id);
  const change = { to: last ? ('succeeded' as const) : ('processing' as const), waiting: null, completed: last };
  const view = await moveRefund(tx, parts, refund, { type: 'workflow', id: run.workflow_id }, change);
  if (last) await writeOutcome(tx, run, 'refundPayment', view.status, refund.id);
  return { status: view.status, tx_sig: landed.tx_sig };
}

async function allPosted(tx: Tx, refundId: string): Promise<boolean> {
  const open = await tx
    .selectFrom('legs')
    .select('id')
    .where('refund_id', '=', refundId)
    .where('status', '<>', 'posted')
    .limit(1)
    .execute();
  return open.length === 0;
}

type LockedRefund = Awaited<ReturnType<typeof lockAll>>['refund'];

/** Locks in the one order: payment, refund, leg. */
export async function lockAll(tx: Tx, ref: { legId: string; refundId: string }) {
  const payment = await tx
    .selectFrom('payments')
    .innerJoin('agents', 'agents.id', 'payments.agent_id')
    .select(['payments.id', 'payments.status', 'payments.link_id', 'payments.tx_sig', 'payments.receipt_hash', 'agents.mint'])
    .where('payments.id', '=', tx.selectFrom('refunds').select('payment_id').where('id', '=', ref.refundId))
    .forUpdate('payments')
    .executeTakeFirstOrThrow();
  const refund = await tx.selectFrom('refunds').selectAll().where('id', '=', ref.refundId).forUpdate().executeTakeFirstOrThrow();
  const leg = await tx.selectFrom('legs').selectAll().where('id', '=', ref.legId).forUpdate().executeTakeFirstOrThrow();
  return { payment, refund, leg };
}

/** What the network took for it, once per transaction, in lamports. */
async function bookFee(tx: Tx, accountId: string, network: Network, refundId: string, landed: LandedLeg): Promise<void> {
  const amount = mustAtoms(landed.fee_lamports);
  if (amount === 0n) return;
  await transfer(tx, {
    id: `${landed.attempt_id}:fee`,
    kind: 'single',
    network,
    asset: 'SOL',
    amount,
    debit: { code: 'network_fee', object: accountId },
    credit: { code: 'fee_payer', object: network },
    occurredAt: new Date(landed.block_time),
    source: { type: 'refund', id: refundId },
    signature: landed.tx_sig,
  });
}

async function countRefunded(tx: Tx, linkId: string, amount: string, whole: boolean): Promise<void> {
  await sql`
    update link_counters set refunded = refunded + ${amount}::numeric, refunded_count = refunded_count + ${whole ? 1 : 0}
    where link_id = ${linkId}`.execute(tx);
}
