import { sql } from 'kysely';
import type { Tx } from '#libs/db/database';
import { renewReservation, reversePostings } from '#libs/ledger/reverse';
import type { Network } from '#libs/money/assets';
import type { EventKind } from '#libs/outbox/write-event';
import type { Parts } from '#libs/parts';
import { nameByBalance } from '#libs/payments/name-by-balance';
import { tellPayment } from '#libs/payments/tell';
import { viewPayment } from '#libs/payments/view';
import { publishReversal } from '#libs/receipts/publish-reversal';
import { causesOf } from '#libs/states/cause';
import { type PaymentStatus, paymentEdge } from '#libs/states/payment';
import { REFUND_TERMINAL, type RefundStatus } from '#libs/states/refund';
import { type Waiting, waitFor } from '#libs/states/waiting';
import { buryAttempt } from '#libs/transfers/attempts';
import { lockAll } from './post.ts';
import type { LegRef } from './take.ts';
import { moveRefund } from './transition.ts';
import type { DeadAttempt } from './wait.ts';

/**
 * Takes back in the books what a transaction had moved that was confirmed, and posted, and is now proven dead: its verdict,
 * the reversal of each of its postings, a renewed reservation, a reversal receipt per leg, counters, states and events, in
 * one transaction (DESIGN section 6). After it the leg stands as if it had never been signed. Safe to repeat, and to run
 * twice at once: nothing is done where the leg is not this carrier's, is posted (again), or has been taken back already.
 */
export async function reverseLeg(parts: Parts, ref: LegRef, dead: DeadAttempt): Promise<void> {
  await parts.db.tx('refund.reverse', async tx => {
    const { payment, refund, leg } = await lockAll(tx, ref);
    if (refund.carrier !== ref.carrier || REFUND_TERMINAL.has(refund.status as RefundStatus)) return;
    if (leg.receipt_hash === null || leg.status === 'posted') return;
    const attempt = await attemptOf(tx, dead.attemptId, leg.id);
    if (!attempt) return;

    const at = parts.clock.now();
    const legs = await postedLegs(tx, refund.id, attempt.id);
    const counted = await isCounted(tx, refund.id, legs);
    await buryAttempt(tx, attempt.id, dead.verdict, 'landed');
    await reversePostings(tx, { source: { type: 'refund', id: refund.id }, signature: attempt.signature, at });
    for (const one of legs) await reserveAnew(tx, one, attempt.id, at);
    await countBack(tx, payment.link_id, legs, counted);
    await nameByLastPosted(tx, refund.id);

    const actor = { type: 'workflow', id: ref.carrier };
    const standing = refund.waiting as Waiting | null;
    const status = refund.status as RefundStatus;
    const to = status === 'processing' && !(await inFlight(tx, refund.id)) ? 'pending' : status;
    await moveRefund(tx, parts, refund, actor, { to, waiting: waitFor('not_yet_sent', at, standing) });

    const before = payment.status as PaymentStatus;
    const after = await nameByBalance(tx, payment.id, before);
    // Its sums are others, whatever it is called; one that is gone itself is told when that has ended.
    if (before !== 'pending') {
      const kind = (paymentEdge(before, after, causesOf(actor))?.event ?? 'payment.reopened') as EventKind;
      await tellPayment(tx, parts.ids, refund.account_id, actor, kind, await viewPayment(tx, payment.id, parts.workflowUrl));
    }
    const owner = {
      agentId: refund.agent_id,
      accountId: refund.account_id,
      network: refund.network as Network,
      paymentId: payment.id,
      refundId: refund.id,
      actor,
      clientReference: refund.client_reference,
      at,
    };
    for (const { receipt_hash } of legs) if (receipt_hash) await publishReversal(tx, parts.ids, owner, receipt_hash);
    const { id: refund_id, payment_id } = refund;
    parts.log.error(
      { refund_id, payment_id, tx_sig: attempt.signature, verdict: dead.verdict },
      'a posted refund was taken back',
    );
  });
}

/** The attempt, where it is the leg's and nobody has buried it. */
const attemptOf = (tx: Tx, attemptId: string, legId: string) =>
  tx
    .selectFrom('attempt_legs')
    .innerJoin('attempts', 'attempts.id', 'attempt_legs.attempt_id')
    .select(['attempts.id', 'attempts.signature'])
    .where('attempts.id', '=', attemptId)
    .where('attempt_legs.leg_id', '=', legId)
    .where('attempt_legs.dead', '=', false)
    .executeTakeFirst();

type PostedLeg = Awaited<ReturnType<typeof postedLegs>>[number];

/** Every leg of the refund that the transaction carried and the books have as moved: they die together. */
const postedLegs = (tx: Tx, refundId: string, attemptId: string) =>
  tx
    .selectFrom('legs')
    .innerJoin('attempt_legs', 'attempt_legs.leg_id', 'legs.id')
    .selectAll('legs')
    .where('attempt_id', '=', attemptId)
    .where('refund_id', '=', refundId)
    .where('receipt_hash', 'is not', null)
    .orderBy('leg')
    .forUpdate('legs')
    .execute();

/** A new reservation of the same money, named after the attempt that died: what is posted of it later has an id of its own. */
async function reserveAnew(tx: Tx, leg: PostedLeg, attemptId: string, at: Date): Promise<void> {
  const reservation_id = `${leg.id}:reserve:${attemptId}`;
  await renewReservation(tx, { id: reservation_id, of: leg.reservation_id, at });
  await tx
    .updateTable('legs')
    .set({ status: 'reserved', reservation_id, tx_sig: null, slot: null, block_time: null })
    .set({ network_fee_lamports: null, rent_lamports: null })
    .set({ destination_owner: null, destination_account: null })
    .set({ receipt_hash: null, finalized_at: null })
    .where('id', '=', leg.id)
    .execute();
}

/** Whether nothing of the refund stays booked without these legs: the link's counters count it with its first. */
async function isCounted(tx: Tx, refundId: string, legs: readonly PostedLeg[]): Promise<boolean> {
  const { rows } = await sql<{ others: boolean }>`
    select exists (select from legs where refund_id = ${refundId} and receipt_hash is not null
      and id <> all(${legs.map(leg => leg.id)}::text[])) as others`.execute(tx);
  return legs.length > 0 && rows[0]?.others !== true;
}

async function countBack(tx: Tx, linkId: string, legs: readonly PostedLeg[], counted: boolean): Promise<void> {
  const amount = legs.reduce((sum, leg) => sum + BigInt(leg.amount), 0n);
  await sql`
    update link_counters set refunded = refunded - ${amount.toString()}::numeric, refunded_count = refunded_count - ${counted ? 1 : 0}
    where link_id = ${linkId}`.execute(tx);
}

/** The refund bears the signature and receipt of its last leg that is still posted, or none. */
const nameByLastPosted = (tx: Tx, refundId: string) =>
  sql`
    update refunds set (tx_sig, receipt_hash) = (
      select l.tx_sig, l.receipt_hash from (select 1) always
      left join lateral (select tx_sig, receipt_hash from legs where refund_id = refunds.id and receipt_hash is not null
        order by leg desc limit 1) l on true)
    where id = ${refundId}`.execute(tx);

/** Whether something else that was signed for the refund may still land. */
async function inFlight(tx: Tx, refundId: string): Promise<boolean> {
  const live = await tx
    .selectFrom('attempt_legs')
    .innerJoin('legs', 'legs.id', 'attempt_legs.leg_id')
    .select('legs.id')
    .where('legs.refund_id', '=', refundId)
    .where('legs.status', 'not in', ['posted', 'voided'])
    .where('attempt_legs.dead', '=', false)
    .limit(1)
    .executeTakeFirst();
  return live !== undefined;
}
