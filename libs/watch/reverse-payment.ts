import { sql } from 'kysely';
import { openBreak } from '#libs/breaks/open';
import type { Tx } from '#libs/db/database';
import { paymentBalances } from '#libs/ledger/balances';
import { reversePostings } from '#libs/ledger/reverse';
import { transfer } from '#libs/ledger/transfer';
import type { Network } from '#libs/money/assets';
import { type Atoms, atoms } from '#libs/money/atoms';
import { deleteLines } from '#libs/outbox/lines';
import { writeOutcome } from '#libs/outbox/outcome';
import type { Parts } from '#libs/parts';
import { failSettlement } from '#libs/payments/fail';
import { tellPayment } from '#libs/payments/tell';
import { viewPayment } from '#libs/payments/view';
import { publishReversal } from '#libs/receipts/publish-reversal';
import type { FailedSettlement, Run } from '#libs/states/outcomes';
import { type Waiting, waitFor } from '#libs/states/waiting';
import { failUnsigned } from './fail-unsigned.ts';

/** Why a payment ends without money: refused before it was submitted, or proven dead. */
export interface Why {
  kind: 'refused' | 'dead';
  code: string;
  message: string;
}

/**
 * Ends a payment that is refused or proven dead; what was in the books already is taken back there first. Safe to repeat.
 * Says `waiting` where it cannot end yet, because refunds of it are still under way.
 */
export async function endWithoutMoney(parts: Parts, paymentId: string, run: Run, why: Why): Promise<FailedSettlement> {
  const { receipt_hash } = await parts.db.read
    .selectFrom('payments')
    .select('receipt_hash')
    .where('id', '=', paymentId)
    .executeTakeFirstOrThrow();
  const recorded = receipt_hash !== null && why.kind === 'dead';
  return recorded ? reversePayment(parts, paymentId, run, why) : failSettlement(parts, paymentId, run, why);
}

/**
 * Takes a payment back that was recorded, and is proven dead (DESIGN section 6, watchFinality): refunds that nothing was
 * signed for fail; and when none is under way, and what was given back is final, one transaction books that from chain loss,
 * reverses the settlement, writes the reversal receipt, opens a break and fails the payment. Until then it says what it
 * waits for. Safe to repeat, from any point.
 */
async function reversePayment(parts: Parts, paymentId: string, run: Run, why: Why): Promise<FailedSettlement> {
  return parts.db.tx('settle.reverse', async tx => {
    const payment = await tx.selectFrom('payments').selectAll().where('id', '=', paymentId).forUpdate().executeTakeFirstOrThrow();
    if (payment.status !== 'pending' || payment.carrier !== run.workflow_id) return { status: payment.status };
    const actor = { type: 'workflow', id: run.workflow_id };
    await failUnsigned(tx, parts, payment, actor);
    if (await underWay(tx, paymentId)) return waitForRefunds(tx, parts, payment);
    await takeBack(tx, parts, payment, run, why);
    await deleteLines(tx, run.workflow_id);
    await writeOutcome(tx, run, 'settlePayment', 'failed', paymentId);
    return { status: 'failed' };
  });
}

interface GonePayment {
  id: string;
  account_id: string;
  agent_id: string;
  link_id: string;
  network: string;
  asset: string;
  captured: string | null;
  tx_sig: string | null;
  receipt_hash: string | null;
  client_reference: string | null;
  waiting: unknown;
}

/** A refund that may still move money or needs its reservation, or one that has moved it and is not final yet. */
async function underWay(tx: Tx, paymentId: string): Promise<boolean> {
  const { rows } = await sql`
    select from refunds r where r.payment_id = ${paymentId} and (
      r.status not in ('succeeded', 'partially_succeeded', 'failed', 'canceled')
      or exists (select from legs l where l.refund_id = r.id and l.status = 'posted' and l.finalized_at is null))
    limit 1`.execute(tx);
  return rows.length > 0;
}

/** Shown to whoever asks, and to an operator: only the chain ends what was signed. */
async function waitForRefunds(tx: Tx, parts: Parts, payment: GonePayment): Promise<FailedSettlement> {
  const waiting: Waiting = {
    ...waitFor('outcome_unknown', parts.clock.now(), payment.waiting as Waiting | null),
    ends_when: 'every refund that was signed of this payment, which is proven gone, is final or proven dead',
  };
  await tx
    .updateTable('payments')
    .set({ waiting: JSON.stringify(waiting), needs_attention: true, updated_at: sql`now()` })
    .where('id', '=', payment.id)
    .execute();
  return { status: 'pending', waiting: { reason: waiting.reason, since: waiting.since } };
}

async function takeBack(tx: Tx, parts: Parts, payment: GonePayment, run: Run, why: Why): Promise<void> {
  const { id, tx_sig, receipt_hash, captured } = payment;
  if (tx_sig === null || receipt_hash === null || captured === null) throw new Error(`payment ${id} was never recorded`);
  const at = parts.clock.now();
  const network = payment.network as Network;
  const actor = { type: 'workflow', id: run.workflow_id };
  const lost = (await paymentBalances(tx, [id])).get(id)?.refunded ?? atoms(0n);
  const source = { type: 'payment', id };
  if (lost > 0n) await bookLoss(tx, payment, lost, at);
  await reversePostings(tx, { source, signature: tx_sig, at });
  await tx
    .updateTable('payments')
    .set({ status: 'failed', failure_code: why.code, failure_message: why.message, waiting: null, needs_attention: false })
    .set({ next_due_at: null, updated_at: sql`now()` })
    .where('id', '=', id)
    .execute();
  await countBack(tx, payment.link_id, captured);
  const view = await viewPayment(tx, id, parts.workflowUrl);
  await tellPayment(tx, parts.ids, payment.account_id, actor, 'payment.failed', view);
  await openBreak(tx, parts.ids, {
    kind: 'payment_reversed',
    accountId: payment.account_id,
    network,
    agent: view.owner_agent,
    object: source,
    asset: payment.asset,
    expected: atoms(BigInt(captured)),
    found: atoms(0n),
    detail: { tx_sig, receipt_hash, chain_loss_atomic: lost.toString(), why: why.message },
    related: { payment_id: id, payment_link_id: view.payment_link_id, receipt_hash },
    actor,
  });
  await publishReversal(
    tx,
    parts.ids,
    {
      agentId: payment.agent_id,
      accountId: payment.account_id,
      network,
      paymentId: id,
      actor,
      clientReference: payment.client_reference,
      at,
    },
    receipt_hash,
  );
  parts.log.error({ payment_id: id, tx_sig, chain_loss_atomic: lost.toString() }, 'a recorded payment was taken back');
}

/** What was given back of money that never came: the account's loss, so that the payment's own account comes out even. */
const bookLoss = (tx: Tx, payment: GonePayment, amount: Atoms, at: Date) =>
  transfer(tx, {
    id: `${payment.id}:chain_loss`,
    kind: 'single',
    network: payment.network as Network,
    asset: payment.asset,
    amount,
    debit: { code: 'chain_loss', object: payment.account_id },
    credit: { code: 'payment', object: payment.id },
    occurredAt: at,
    source: { type: 'payment', id: payment.id },
  });

/** What was given back of it was given back; only what came in is taken out. */
const countBack = (tx: Tx, linkId: string, captured: string) =>
  sql`
    update link_counters c set settled_count = settled_count - 1, gross = gross - ${captured}::numeric,
      (last_tx_sig, last_settled_at) = (select p.tx_sig, p.settled_at from (select 1) always left join lateral (
        select tx_sig, settled_at from payments where link_id = c.link_id and status <> 'failed' and settled_at is not null
        order by settled_at desc limit 1) p on true)
    where link_id = ${linkId}`.execute(tx);
