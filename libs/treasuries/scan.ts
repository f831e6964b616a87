import { sql } from 'kysely';
import { blockTimeOf } from '#libs/chain/block-time';
import type { Chain } from '#libs/chain/chain';
import { decodeTransaction } from '#libs/chain/decode';
import type { Tx } from '#libs/db/database';
import { asMint, asSignature, asTokenAccount } from '#libs/money/solana-types';
import type { Parts } from '#libs/parts';
import type { Mark } from '#libs/transfers/prove';
import { bookMovement, type TimedMovement } from './book.ts';
import { type Listed, readHistory } from './history.ts';
import { knownSignatures, type ScannedAccount } from './known.ts';
import { readMovement } from './movement.ts';

const STEP = 'treasury.scan';
/** Booked in one transaction; the cursor moves between slots only. */
const AT_ONCE = 100;

/** What an account was seen to hold at `finalized`, and in which slot. */
export interface Held {
  balance: bigint;
  slot: bigint;
}

/**
 * Reads what has happened to a treasury's token account since the last time, at `finalized`, and books what is nobody's: the
 * oldest first, the cursor moved in the same transaction. Where a history has a gap, a listed transaction is not to be had or
 * nodes disagree, the cursor stays before it. Safe to repeat, and to run twice at once: one of the two moves the cursor.
 * Returns how many movements were booked. Throws `ChainUnavailable`.
 */
export async function scanAccount(
  parts: Parts,
  chain: Chain,
  of: ScannedAccount,
  cursor: Mark | null,
  held: Held,
): Promise<number> {
  const history = await readHistory(chain, of.tokenAccount, cursor);
  if (history.kind === 'unknown') {
    const level = history.why === 'too_long' ? 'error' : 'warn';
    parts.log[level]({ treasury_id: of.treasuryId, mint: of.mint, why: history.why }, 'a treasury cannot be scanned now');
    return 0;
  }
  const listed = [...(await leftOver(parts, of)), ...history.listed];
  const known = await knownSignatures(
    parts.db.read,
    of,
    listed.map(one => one.signature),
  );
  const strange = listed.filter(one => !known.has(one.signature));
  let booked = 0;
  // At least once, though there is nothing to book: the cursor moves all the same.
  for (let at = 0; at === 0 || at < strange.length; at += AT_ONCE) {
    const movements: TimedMovement[] = [];
    let hole = false;
    for (const one of strange.slice(at, at + AT_ONCE)) {
      const seen = await fetchMovement(chain, of, one);
      hole = seen === 'hole';
      if (hole) break;
      if (seen !== null && seen !== 'hole') movements.push(seen);
    }
    const last = !hole && at + AT_ONCE >= strange.length;
    // In between the mark stays: what was booked before is known to the next scan.
    const done = await bookAll(parts, of, cursor, last ? { to: history.to, held } : null, movements);
    if (done === null) return booked;
    booked += done;
    if (hole) {
      parts.log.warn({ treasury_id: of.treasuryId, mint: of.mint }, 'a node lists a transaction that it does not have');
      return booked;
    }
  }
  return booked;
}

/** Books and moves the cursor in one transaction; null where another scan has moved it meanwhile. */
async function bookAll(
  parts: Parts,
  of: ScannedAccount,
  from: Mark | null,
  moved: { to: Mark; held: Held } | null,
  movements: readonly TimedMovement[],
): Promise<number | null> {
  return parts.db.tx('treasury.book', async tx => {
    if (!(await holdCursor(tx, of, from))) return null;
    let booked = 0;
    for (const movement of movements) if (await bookMovement(tx, parts, of, movement)) booked++;
    if (moved) {
      const { to, held } = moved;
      // A balance that is newer than what was read is compared again next time.
      const balance = held.slot <= to.finalizedSlot ? held.balance.toString() : null;
      await tx
        .updateTable('treasury_accounts')
        .set({ scanned_slot: String(to.finalizedSlot), scanned_height: String(to.finalizedHeight) })
        .set({ scanned_balance: balance, scanned_at: sql<Date>`now()` })
        .where('treasury_id', '=', of.treasuryId)
        .where('mint', '=', of.mint)
        .execute();
    }
    await sql`delete from movements_left m using payments p where p.id = m.payment_id and m.treasury_id = ${of.treasuryId}
      and m.mint = ${of.mint} and p.status not in ('pending', 'failed')`.execute(tx);
    if (booked > 0) parts.log.info({ treasury_id: of.treasuryId, mint: of.mint, booked }, 'movements of a treasury booked');
    return booked;
  });
}

async function holdCursor(tx: Tx, of: ScannedAccount, from: Mark | null): Promise<boolean> {
  const row = await tx
    .selectFrom('treasury_accounts')
    .select('scanned_slot')
    .where('treasury_id', '=', of.treasuryId)
    .where('mint', '=', of.mint)
    .forNoKeyUpdate()
    .executeTakeFirstOrThrow();
  return row.scanned_slot === null ? from === null : String(row.scanned_slot) === String(from?.finalizedSlot);
}

/** What was left to payments that have failed since: nobody else books it. */
async function leftOver(parts: Parts, of: ScannedAccount): Promise<Listed[]> {
  const { rows } = await sql<{ signature: string }>`
    select m.signature from movements_left m join payments p on p.id = m.payment_id
    where m.treasury_id = ${of.treasuryId} and m.mint = ${of.mint} and p.status = 'failed'`.execute(parts.db.read);
  return rows.map(row => ({ signature: row.signature, slot: 0n }));
}

/** What one node has forgotten, another may have; null where the transaction left the balance as it was. */
async function fetchMovement(chain: Chain, of: ScannedAccount, { signature }: Listed): Promise<TimedMovement | 'hole' | null> {
  const asked = asSignature(signature);
  const options = { commitment: 'finalized', maxSupportedTransactionVersion: 0 } as const;
  const account = { account: asTokenAccount(of.tokenAccount), mint: asMint(of.mint) };
  const answers = await chain.askAll(STEP, rpc => rpc.getTransaction(asked, { ...options, encoding: 'base64' }));
  const found = answers.find(one => one !== null);
  if (!found) return 'hole';
  // What is not in canonical form is no payment of ours; its balances count all the same.
  const plain =
    decodeTransaction(found.transaction[0]).kind === 'decoded'
      ? found
      : await chain.ask(STEP, rpc => rpc.getTransaction(asked, { ...options, encoding: 'json' }));
  if (!plain) return 'hole';
  const movement = readMovement(signature, plain, account);
  if (movement === null) return null;
  const blockTime = movement.blockTime ?? (await blockTimeOf(chain, STEP, movement.slot));
  return blockTime === null ? 'hole' : { ...movement, blockTime };
}
