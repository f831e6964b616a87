import { sql } from 'kysely';
import type { Reader, Tx } from '#libs/db/database';
import { grants, type Waiter } from './grants.ts';
import { lockFunds, readLine, type Till, takenFunds } from './line.ts';

/** A till's balance as the chain showed it, and at which slot. */
export interface FundsSeen {
  balance: bigint;
  slot: bigint;
}

/** What a leg wants to take from a till. */
export interface Claim extends Till {
  refundId: string;
  legId: string;
  /** In atoms. */
  amount: bigint;
}

/**
 * Whether the leg may be signed now: its money is there, no attempt takes it already, and nobody before it in line is to have
 * it. Then its place in line is given up, and those it passes remember by how much. In the transaction that stores the
 * attempt, under the refund's lock: whoever comes next finds the attempt.
 */
export async function takeFunds(tx: Tx, claim: Claim, seen: FundsSeen): Promise<boolean> {
  const { taken, queued } = await lockFunds(tx, claim, seen.slot, claim.legId);
  const available = seen.balance - taken;
  if (!queued) return claim.amount <= available;
  const line = withClaim(await readLine(tx, claim), claim);
  const granted = grants(available, line);
  if (!granted.has(claim.refundId)) return false;
  const place = line.findIndex(one => one.id === claim.refundId);
  const passed = line.slice(0, place).filter(one => !granted.has(one.id));
  await tx.deleteFrom('funds_queue').where('refund_id', '=', claim.refundId).execute();
  if (passed.length > 0) {
    await sql`update funds_queue set passed = passed + ${claim.amount.toString()}::numeric
      where refund_id = any(${passed.map(one => one.id)}::text[])`.execute(tx);
  }
  return true;
}

/** The same question without taking anything: what a new refund would meet now. */
export async function wouldTake(reader: Reader, claim: Claim, seen: FundsSeen): Promise<boolean> {
  const taken = await takenFunds(reader, claim, seen.slot);
  const line = withClaim(await readLine(reader, claim), claim);
  return grants(seen.balance - taken, line).has(claim.refundId);
}

/** Who is not in line yet comes last. */
const withClaim = (line: readonly Waiter[], claim: Claim): Waiter[] =>
  line.some(one => one.id === claim.refundId)
    ? line.map(one => (one.id === claim.refundId ? { ...one, amount: claim.amount } : one))
    : [...line, { id: claim.refundId, amount: claim.amount, passed: 0n }];
