import { sql } from 'kysely';
import type { Reader, Tx } from '#libs/db/database';
import type { Network } from '#libs/money/assets';
import type { Signature } from '#libs/money/solana-types';
import { type Budgets, judgeBudgets, lockBudgets } from './budgets.ts';

/** What the sponsor has co-signed: the very bytes that may be sent, however often. */
export interface Settlement {
  messageHash: Buffer;
  network: Network;
  signature: Signature;
  wire: Buffer;
  /** Who authorised the transfer: owner or delegate. */
  payer: string;
  outcome: 'sent' | 'confirmed' | 'failed';
}

export interface NewSettlement extends Omit<Settlement, 'outcome'> {
  account: string;
  /** What landing costs the sponsor at most. */
  lamports: bigint;
  requirements: object;
}

export type Stored = { kind: 'stored'; settlement: Settlement } | { kind: 'spent'; whose: 'payer' | 'account' };

/** What was stored for a message, or null when the sponsor never signed it. */
export async function findSettlement(reader: Reader, messageHash: Buffer): Promise<Settlement | null> {
  const row = await reader
    .selectFrom('facilitator_settlements')
    .select(['message_hash', 'network', 'signature', 'wire', 'payer', 'outcome'])
    .where('message_hash', '=', messageHash)
    .executeTakeFirst();
  if (!row) return null;
  return {
    messageHash: row.message_hash,
    network: row.network as Network,
    signature: row.signature as Signature,
    wire: row.wire,
    payer: row.payer,
    outcome: row.outcome as Settlement['outcome'],
  };
}

/**
 * Stores co-signed bytes before they are first sent, within the sponsor's budgets. Whoever came first for this message,
 * theirs are the bytes that are sent: what is returned is what was stored.
 */
export async function storeSettlement(tx: Tx, budgets: Budgets, fresh: NewSettlement): Promise<Stored> {
  await lockBudgets(tx, fresh);
  const known = await findSettlement(tx, fresh.messageHash);
  if (known) return { kind: 'stored', settlement: known };
  const verdict = await judgeBudgets(tx, budgets, fresh, fresh.lamports);
  if (verdict.kind === 'spent') return verdict;
  await tx
    .insertInto('facilitator_settlements')
    .values({
      message_hash: fresh.messageHash,
      network: fresh.network,
      signature: fresh.signature,
      wire: fresh.wire,
      payer: fresh.payer,
      account: fresh.account,
      lamports: fresh.lamports,
      requirements: JSON.stringify(fresh.requirements),
    })
    .onConflict(conflict => conflict.column('message_hash').doNothing())
    .execute();
  const stored = await findSettlement(tx, fresh.messageHash);
  if (!stored) throw new Error('a settlement was stored and is not there');
  return { kind: 'stored', settlement: stored };
}

/** Notes what the chain said: `confirmed`, or `failed` once the failure is final. Never back to `sent`. */
export async function resolveSettlement(tx: Tx, messageHash: Buffer, outcome: 'confirmed' | 'failed'): Promise<void> {
  await tx
    .updateTable('facilitator_settlements')
    .set({ outcome, resolved_at: sql`now()` })
    .where('message_hash', '=', messageHash)
    .where('outcome', '=', 'sent')
    .execute();
}
