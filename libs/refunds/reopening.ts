import { sql } from 'kysely';
import type { RentPolicy } from '#libs/accounts/rent-policy';
import { readSettings } from '#libs/accounts/settings';
import type { Reader, Tx } from '#libs/db/database';
import type { Mint, Owner } from '#libs/money/solana-types';

/** Whose associated account a refund would open, and for how much. */
export interface Reopening {
  accountId: string;
  network: string;
  owner: Owner;
  mint: Mint;
  /** What the whole refund gives back, in atoms. */
  amount: bigint;
}

/** Whether an account has agreed that so large a refund bears the rent. */
export const isWorthIt = (policy: RentPolicy, amount: bigint): boolean =>
  policy.reopen === 'always' || (policy.reopen === 'when_worth' && amount >= BigInt(policy.min_atomic));

/** `taken`: it was done, by a transaction that has landed; `in_flight`: by one that may yet land. */
export type MayReopen = 'yes' | 'not_worth_it' | 'taken' | 'in_flight';

/**
 * Whether the owner's account may be opened at our cost: the merchant wants it, and it was never done before, except by an
 * attempt that is proven dead (`dead`: one whose death is about to be written).
 */
export async function mayReopen(reader: Reader, who: Reopening, dead: string | null): Promise<MayReopen> {
  const { rent_policy } = await readSettings(reader, who.accountId);
  if (!isWorthIt(rent_policy, who.amount)) return 'not_worth_it';
  const { rows } = await sql<{ outcome: string }>`
    select t.outcome from reopened_accounts r join attempts t on t.id = r.attempt_id
    where r.network = ${who.network} and r.owner = ${who.owner} and r.mint = ${who.mint}
      and r.attempt_id is distinct from ${dead}
      and exists (select from attempt_legs al where al.attempt_id = r.attempt_id and not al.dead)`.execute(reader);
  const [held] = rows;
  if (!held) return 'yes';
  return held.outcome === 'live' ? 'in_flight' : 'taken';
}

/**
 * Claims the one time that an owner's account is opened, in the transaction that stores the attempt which opens it, after the
 * deaths of the leg's attempts before it are written. False where another's attempt has it: then nothing may be stored. Two who
 * claim at once take turns. Whose it is is read in statements of their own, under the row's lock: the one that waited for the
 * row sees the rest of the database as it was before the wait, without the attempt that was stored meanwhile.
 */
export async function claimReopening(
  tx: Tx,
  { network, owner, mint }: Pick<Reopening, 'network' | 'owner' | 'mint'>,
  by: { attemptId: string; refundId: string },
): Promise<boolean> {
  const claim = { attempt_id: by.attemptId, refund_id: by.refundId };
  const fresh = await tx
    .insertInto('reopened_accounts')
    .values({ network, owner, mint, ...claim })
    .onConflict(conflict => conflict.doNothing())
    .returning('owner')
    .executeTakeFirst();
  if (fresh) return true;
  const held = await tx
    .selectFrom('reopened_accounts')
    .select('attempt_id')
    .where('network', '=', network)
    .where('owner', '=', owner)
    .where('mint', '=', mint)
    .forUpdate()
    .executeTakeFirst();
  // Taken back just now: whoever comes again finds it free.
  if (!held || (await mayLand(tx, held.attempt_id))) return false;
  await tx
    .updateTable('reopened_accounts')
    .set({ ...claim, claimed_at: sql`now()` })
    .where('network', '=', network)
    .where('owner', '=', owner)
    .where('mint', '=', mint)
    .execute();
  return true;
}

/** Whether an attempt is not proven dead. */
async function mayLand(tx: Tx, attemptId: string): Promise<boolean> {
  const leg = await tx
    .selectFrom('attempt_legs')
    .select('leg_id')
    .where('attempt_id', '=', attemptId)
    .where('dead', '=', false)
    .limit(1)
    .executeTakeFirst();
  return leg !== undefined;
}

/** Takes a claim back in the transaction that made it: its attempt is not stored after all. */
export async function dropClaim(tx: Tx, attemptId: string): Promise<void> {
  await tx.deleteFrom('reopened_accounts').where('attempt_id', '=', attemptId).execute();
}

/** Whether an attempt of this refund that may have landed has opened its payer's account. */
export async function hasReopened(reader: Reader, refundId: string): Promise<boolean> {
  const { rows } = await sql`
    select from reopened_accounts r where r.refund_id = ${refundId}
      and exists (select from attempt_legs al where al.attempt_id = r.attempt_id and not al.dead)`.execute(reader);
  return rows.length > 0;
}
