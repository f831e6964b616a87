import { sql } from 'kysely';
import type { Tx } from '#libs/db/database';
import { post } from '#libs/ledger/resolve';
import { transfer } from '#libs/ledger/transfer';
import type { Network } from '#libs/money/assets';
import { atoms, mustAtoms } from '#libs/money/atoms';
import { deleteLines } from '#libs/outbox/lines';
import { writeOutcome } from '#libs/outbox/outcome';
import type { EventKind } from '#libs/outbox/write-event';
import type { Parts } from '#libs/parts';
import { nameByBalance } from '#libs/payments/name-by-balance';
import { tellPayment } from '#libs/payments/tell';
import { viewPayment } from '#libs/payments/view';
import { publishRefund } from '#libs/receipts/publish-refund';
import { causesOf } from '#libs/states/cause';
import type { LandedLeg, Run } from '#libs/states/outcomes';
import { type PaymentStatus, paymentEdge } from '#libs/states/payment';
import { waitFor } from '#libs/states/waiting';
import { isDead, landAgain, markLanded } from '#libs/transfers/attempts';
import { feeShare } from '#libs/transfers/fee-share';
import { bookRent } from './rent.ts';
import { type Actor, moveRefund, type RefundChange } from './transition.ts';
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

  const carried = await markLanded(tx, landed.attempt_id, landed.slot);
  const networkFee = feeShare(mustAtoms(landed.fee_lamports), carried.length, carried.indexOf(leg.id));
  await post(tx, { id: `${leg.reservation_id}:post`, pendingId: leg.reservation_id, occurredAt, signature: landed.tx_sig });
  await keepFee(tx, refund, leg, landed);
  await bookNetworkFee(tx, refund, leg.id, networkFee, landed);
  await bookRent(tx, refund.account_id, network, refund.id, landed);
  await tx
    .updateTable('legs')
    .set({
      status: 'posted',
      tx_sig: landed.tx_sig,
      slot: landed.slot,
      block_time: occurredAt,
      network_fee_lamports: networkFee.toString(),
      // One leg bears the rent of a transaction that carries several.
      rent_lamports: carried.indexOf(leg.id) > 0 ? '0' : (landed.rent_lamports ?? null),
      destination_owner: refund.destination_owner,
      destination_account: refund.destination_account,
    })
    .where('id', '=', leg.id)
    .execute();
  const rest = await restOf(tx, refund.id, leg.id);
  const statusBefore = payment.status as PaymentStatus;
  const statusAfter = await nameByBalance(tx, payment.id, statusBefore);
  await countRefunded(tx, payment.link_id, leg.amount, rest.booked === 0);
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
  const view = await moveRefund(tx, desk, refund, actor, afterPosting(rest, desk.clock.now()));
  const edge = paymentEdge(statusBefore, statusAfter, causesOf(actor));
  if (edge || statusAfter === 'partially_refunded') {
    const kind = (edge?.event ?? 'payment.partially_refunded') as EventKind;
    await tellPayment(tx, desk.ids, refund.account_id, actor, kind, await viewPayment(tx, payment.id, desk.workflowUrl));
  }
  if (rest.open === 0 && run) {
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
  await landAgain(tx, landed.attempt_id, landed.slot);
  const rest = await restOf(tx, refund.id, legId);
  const change = afterPosting(rest, parts.clock.now());
  const view = await moveRefund(tx, parts, refund, { type: 'workflow', id: run.workflow_id }, change);
  if (rest.open === 0) await writeOutcome(tx, run, 'refundPayment', view.status, refund.id);
  return { status: view.status, tx_sig: landed.tx_sig };
}

interface Rest {
  /** Moved, as the books have it; the chain may have lost it meanwhile. */
  booked: number;
  voided: number;
  /** Still to be paid. */
  open: number;
}

/** How the other legs of a refund stand. */
async function restOf(tx: Tx, refundId: string, legId: string): Promise<Rest> {
  const { rows } = await sql<Rest>`
    select count(receipt_hash)::int as booked, count(*) filter (where status = 'voided')::int as voided,
      count(*) filter (where status not in ('posted', 'voided'))::int as open
    from legs where refund_id = ${refundId} and id <> ${legId}`.execute(tx);
  const [rest] = rows;
  if (!rest) throw new Error(`legs of ${refundId} cannot be counted`);
  return rest;
}

/** Where a refund goes when a leg of it is posted: on to the next, or to its end. */
function afterPosting(rest: Rest, now: Date): RefundChange {
  if (rest.open > 0) return { to: 'processing', waiting: waitFor('not_yet_sent', now) };
  return { to: rest.voided > 0 ? 'partially_succeeded' : 'succeeded', waiting: null, completed: true };
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

type LockedLeg = Awaited<ReturnType<typeof lockAll>>['leg'];

/**
 * What is kept of the leg: the books have let its gross out of the treasury, the chain only what the payer got. The
 * reservation names it, so that a leg that is reserved anew after a reversal keeps its fee anew.
 */
async function keepFee(tx: Tx, refund: LockedRefund, leg: LockedLeg, landed: LandedLeg): Promise<void> {
  const amount = mustAtoms(leg.fee);
  if (amount === 0n) return;
  await transfer(tx, {
    id: `${leg.reservation_id}:kept`,
    kind: 'single',
    network: refund.network as Network,
    asset: refund.asset,
    amount,
    debit: { code: 'treasury', object: refund.treasury_id },
    credit: { code: 'fee_payable', object: refund.account_id },
    occurredAt: new Date(landed.block_time),
    source: { type: 'refund', id: refund.id },
    signature: landed.tx_sig,
  });
}

/** The leg's share of what the network took, in lamports. */
async function bookNetworkFee(tx: Tx, refund: LockedRefund, legId: string, share: bigint, landed: LandedLeg): Promise<void> {
  if (share === 0n) return;
  await transfer(tx, {
    id: `${landed.attempt_id}:fee:${legId}`,
    kind: 'single',
    network: refund.network as Network,
    asset: 'SOL',
    amount: atoms(share),
    debit: { code: 'network_fee', object: refund.account_id },
    credit: { code: 'fee_payer', object: refund.network },
    occurredAt: new Date(landed.block_time),
    source: { type: 'refund', id: refund.id },
    signature: landed.tx_sig,
  });
}

async function countRefunded(tx: Tx, linkId: string, amount: string, whole: boolean): Promise<void> {
  await sql`
    update link_counters set refunded = refunded + ${amount}::numeric, refunded_count = refunded_count + ${whole ? 1 : 0}
    where link_id = ${linkId}`.execute(tx);
}
