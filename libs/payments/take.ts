import { sql } from 'kysely';
import type { Tx } from '#libs/db/database';
import { dueIn } from '#libs/db/due';
import type { Parts } from '#libs/parts';
import type { SettleOutcome } from '#libs/states/outcomes';
import { silence_ms } from '#libs/states/pace';
import { type Waiting, type WaitReason, waitFor } from '#libs/states/waiting';
import type { Watch } from '#libs/transfers/follow';
import type { Sought } from './find.ts';

/** A pending payment with everything that settling it needs. */
export interface PaymentAtWork extends Sought {
  id: string;
  carrier: string;
  network: string;
  accountId: string;
  wire: Buffer;
  protocolVersion: string;
  requirements: Record<string, unknown>;
  asset: string;
  submitted: boolean;
  /** It was settled once and is gone from the chain: what is in the books stays until it is seen again, or taken back there. */
  recorded: boolean;
  txSig: string | null;
  waiting: Waiting | null;
  needsAttention: boolean;
  mark: { finalizedSlot: bigint; finalizedHeight: bigint };
  /** Above this finalized height bytes we did not build can no longer land: seen height + 300 (DESIGN section 1). */
  lastValidBlockHeight: bigint;
}

export interface PaymentRef {
  paymentId: string;
  carrier: string;
}

const FOREIGN_LIFETIME_BLOCKS = 300n;

/** Takes the payment up for its carrier and pushes its due time on; `done` where it is settled, failed, or another's. */
export async function takePayment(
  parts: Parts,
  ref: PaymentRef,
  { pace, tries }: Pick<Watch, 'pace' | 'tries'>,
): Promise<{ kind: 'work'; payment: PaymentAtWork } | SettleOutcome> {
  return parts.db.tx('settle.take', async tx => {
    const row = await tx
      .updateTable('payments')
      .set({ next_due_at: dueIn(silence_ms(pace, tries)) })
      .where('id', '=', ref.paymentId)
      .where('carrier', '=', ref.carrier)
      .where('status', '=', 'pending')
      .returningAll()
      .executeTakeFirst();
    if (!row) return { kind: 'done', status: await statusOf(tx, ref.paymentId) };
    const payment: PaymentAtWork = {
      id: row.id,
      carrier: row.carrier,
      network: row.network,
      accountId: row.account_id,
      wire: row.wire,
      protocolVersion: row.protocol_version,
      requirements: row.requirements as Record<string, unknown>,
      asset: row.asset,
      messageHash: row.message_hash,
      memo: row.memo,
      payToAccount: row.pay_to_account,
      seenSlot: BigInt(row.seen_slot),
      submitted: row.submitted_at !== null,
      recorded: row.receipt_hash !== null,
      txSig: row.tx_sig,
      waiting: row.waiting as Waiting | null,
      needsAttention: row.needs_attention,
      mark: { finalizedSlot: BigInt(row.finalized_slot), finalizedHeight: BigInt(row.finalized_height) },
      lastValidBlockHeight: BigInt(row.seen_height) + FOREIGN_LIFETIME_BLOCKS,
    };
    return { kind: 'work', payment };
  });
}

const statusOf = async (tx: Tx, id: string): Promise<string> =>
  (await tx.selectFrom('payments').select('status').where('id', '=', id).executeTakeFirstOrThrow()).status;

/** The submission mark: set once, before the first submission. Only a refusal before it is a refusal. */
export async function markSubmitted(parts: Parts, ref: PaymentRef): Promise<boolean> {
  return parts.db.tx('settle.mark', async tx => {
    const marked = await tx
      .updateTable('payments')
      .set({ submitted_at: sql`now()`, updated_at: sql`now()` })
      .where('id', '=', ref.paymentId)
      .where('carrier', '=', ref.carrier)
      .where('status', '=', 'pending')
      .where('submitted_at', 'is', null)
      .executeTakeFirst();
    return marked.numUpdatedRows > 0n;
  });
}

/** Writes what the payment waits for, if that has changed. */
export async function waitPayment(parts: Parts, payment: PaymentAtWork, reason: WaitReason): Promise<SettleOutcome> {
  const waiting = waitFor(reason, parts.clock.now(), payment.waiting);
  if (payment.waiting?.reason !== reason) {
    await parts.db.tx('settle.wait', tx =>
      tx
        .updateTable('payments')
        .set({ waiting: JSON.stringify(waiting), updated_at: sql`now()` })
        .where('id', '=', payment.id)
        .where('carrier', '=', payment.carrier)
        .where('status', '=', 'pending')
        .execute(),
    );
  }
  return { kind: 'waiting', reason, since: waiting.since, attention: payment.needsAttention };
}
