import { type Address, getBase58Decoder, type KeyPairSigner, type SignatureBytes } from '@solana/kit';
import { sql } from 'kysely';
import type { Reader, Tx } from '#libs/db/database';
import type { Signature } from '#libs/money/solana-types';
import type { InFlight } from './follow.ts';
import type { Verdict } from './prove.ts';

export interface LiveAttempt extends InFlight {
  id: string;
  number: number;
}

/** A leg's attempt that is not proven dead: in flight, or landed. There is at most one, by a unique index. */
export async function liveAttempt(reader: Reader, legId: string): Promise<LiveAttempt | null> {
  const row = await reader
    .selectFrom('attempt_legs')
    .innerJoin('attempts', 'attempts.id', 'attempt_legs.attempt_id')
    .selectAll('attempts')
    .where('attempt_legs.leg_id', '=', legId)
    .where('attempt_legs.dead', '=', false)
    .executeTakeFirst();
  if (!row) return null;
  return {
    id: row.id,
    number: row.number,
    signature: row.signature as Signature,
    wire: row.wire,
    lastValidBlockHeight: BigInt(row.last_valid_block_height),
    finalizedSlot: BigInt(row.finalized_slot),
    finalizedHeight: BigInt(row.finalized_height),
    fresh: false,
  };
}

/** How many attempts a leg has had. */
export async function countAttempts(reader: Reader, legId: string): Promise<number> {
  const { n } = await reader
    .selectFrom('attempt_legs')
    .select(sql<string>`count(*)`.as('n'))
    .where('leg_id', '=', legId)
    .executeTakeFirstOrThrow();
  return Number(n);
}

export interface NewAttempt {
  id: string;
  network: string;
  treasuryId: string;
  number: number;
  legIds: readonly string[];
  signature: Signature;
  wire: Buffer;
  lastValidBlockHeight: bigint;
  feeLamports: bigint;
  finalizedSlot: bigint;
  finalizedHeight: bigint;
}

/** Stores signed bytes, before they are first sent. The unique index refuses a second one beside a live one. */
export async function storeAttempt(tx: Tx, attempt: NewAttempt): Promise<LiveAttempt> {
  await tx
    .insertInto('attempts')
    .values({
      id: attempt.id,
      network: attempt.network,
      treasury_id: attempt.treasuryId,
      number: attempt.number,
      signature: attempt.signature,
      wire: attempt.wire,
      last_valid_block_height: attempt.lastValidBlockHeight,
      fee_lamports: String(attempt.feeLamports),
      finalized_slot: attempt.finalizedSlot,
      finalized_height: attempt.finalizedHeight,
    })
    .execute();
  await tx
    .insertInto('attempt_legs')
    .values(attempt.legIds.map(leg_id => ({ attempt_id: attempt.id, leg_id })))
    .execute();
  const { id, number, signature, wire, lastValidBlockHeight, finalizedSlot, finalizedHeight } = attempt;
  return { id, number, signature, wire, lastValidBlockHeight, finalizedSlot, finalizedHeight, fresh: true };
}

/**
 * Writes the verdict "dead" under the legs' locks, so that a next attempt may be signed. One that had `landed` is buried only
 * together with the reversal of what was posted of it.
 */
export async function buryAttempt(tx: Tx, attemptId: string, verdict: Verdict, was: 'live' | 'landed' = 'live'): Promise<void> {
  await tx
    .updateTable('attempts')
    .set({ outcome: 'dead', verdict: JSON.stringify(verdict), resolved_at: sql`now()` })
    .where('id', '=', attemptId)
    .where('outcome', '=', was)
    .execute();
  await tx.updateTable('attempt_legs').set({ dead: true }).where('attempt_id', '=', attemptId).execute();
}

/** Whether the attempt is proven dead for this leg. */
export async function isDead(tx: Tx, attemptId: string, legId: string): Promise<boolean> {
  const row = await tx
    .selectFrom('attempt_legs')
    .select('dead')
    .where('attempt_id', '=', attemptId)
    .where('leg_id', '=', legId)
    .executeTakeFirst();
  return row?.dead === true;
}

/** Notes that the chain has confirmed it, in this slot. Returns the legs it carries, always in the same order. */
export async function markLanded(tx: Tx, attemptId: string, slot: string): Promise<string[]> {
  const { rows } = await sql<{ legs: string[] | null }>`
    with landed as (
      update attempts set outcome = 'landed', landed_slot = ${slot}, resolved_at = now() where id = ${attemptId} and outcome = 'live')
    select array_agg(leg_id order by leg_id) as legs from attempt_legs where attempt_id = ${attemptId}`.execute(tx);
  return rows[0]?.legs ?? [];
}

/** Notes where the chain has it now, which had lost it: balances of slots before that do not show it. */
export async function landAgain(tx: Tx, attemptId: string, slot: string): Promise<void> {
  await tx
    .updateTable('attempts')
    .set({ landed_slot: slot })
    .where('id', '=', attemptId)
    .where('outcome', '=', 'landed')
    .execute();
}

/** Both keys sign; the fee payer's signature comes first and is the transaction's id. */
export async function signBytes(
  transaction: Parameters<KeyPairSigner['signTransactions']>[0][number],
  signers: readonly KeyPairSigner[],
): Promise<{ signature: Signature; wire: Buffer }> {
  const signatures: Record<string, SignatureBytes | null> = { ...transaction.signatures };
  for (const signer of signers) Object.assign(signatures, (await signer.signTransactions([transaction]))[0]);
  const inOrder = Object.keys(transaction.signatures).map(who => signatures[who as Address] ?? null);
  const missing = inOrder.indexOf(null);
  if (missing >= 0 || inOrder[0] === undefined) throw new Error('a signer of the transaction is not ours');
  const bytes = inOrder as SignatureBytes[];
  const wire = Buffer.concat([
    Buffer.from([bytes.length]),
    ...bytes.map(one => Buffer.from(one)),
    Buffer.from(transaction.messageBytes),
  ]);
  return { signature: getBase58Decoder().decode(bytes[0] as SignatureBytes) as Signature, wire };
}
