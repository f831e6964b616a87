import { sql } from 'kysely';
import { readSettings } from '#libs/accounts/settings';
import type { Tx } from '#libs/db/database';
import { lockMovement, seenId } from '#libs/funds/movements';
import { transfer } from '#libs/ledger/transfer';
import { assetOfMint, type Network } from '#libs/money/assets';
import { atoms } from '#libs/money/atoms';
import { type EventKind, type NewEvent, writeEvent } from '#libs/outbox/write-event';
import type { Parts } from '#libs/parts';
import { knownSignatures, paymentOf, type ScannedAccount } from './known.ts';
import type { Movement } from './movement.ts';

/** A movement with the time of its block, which books go by. */
export type TimedMovement = Movement & { blockTime: Date };

/**
 * Books what moved a treasury beside payments and refunds, and tells it: a rise to whoever funds it, or to suspense where
 * nobody has named the wallet it came from; a fall the other way round. What turns out to be a payment is left to it. In the
 * transaction that moves the scan's cursor; by treasury, mint and signature, so that a repeat is none.
 */
export async function bookMovement(tx: Tx, parts: Parts, of: ScannedAccount, movement: TimedMovement): Promise<boolean> {
  const till = { treasuryId: of.treasuryId, mint: of.mint };
  // Whoever recorded it before this lock is seen by what follows; whoever comes after it finds the posting.
  await lockMovement(tx, till, movement.signature);
  // Also one that was taken back since: it belongs to what took it.
  const id = seenId(till, movement.signature);
  if (await tx.selectFrom('ledger_transfers').select('id').where('id', '=', id).executeTakeFirst()) return false;
  if ((await knownSignatures(tx, of, [movement.signature])).size > 0) return false;
  const payment = await paymentOf(tx, of, movement);
  if (payment) {
    if (payment.status === 'pending') await leave(tx, of, movement.signature, payment.id);
    return false;
  }
  const owners = new Set<string>([of.owner, ...(await readSettings(tx, of.accountId)).funding_owners]);
  const code = movement.other !== null && owners.has(movement.other.owner) ? 'owner_funding' : 'suspense';
  const treasury = { code: of.kind === 'platform' ? 'platform_treasury' : 'treasury', object: of.treasuryId } as const;
  const other = { code, object: of.treasuryId } as const;
  const rise = movement.change > 0n;
  const amount = atoms(rise ? movement.change : -movement.change);
  await transfer(tx, {
    id,
    kind: 'single',
    network: of.network as Network,
    asset: of.mint,
    amount,
    debit: rise ? treasury : other,
    credit: rise ? other : treasury,
    occurredAt: movement.blockTime,
    source: { type: 'treasury', id: of.treasuryId },
    signature: movement.signature,
  });
  await forget(tx, of, movement.signature);
  await tell(tx, parts, of, movement, code, amount);
  return true;
}

const leave = (tx: Tx, of: ScannedAccount, signature: string, paymentId: string) =>
  sql`insert into movements_left (treasury_id, mint, signature, payment_id)
    values (${of.treasuryId}, ${of.mint}, ${signature}, ${paymentId}) on conflict do nothing`.execute(tx);

const forget = (tx: Tx, of: ScannedAccount, signature: string) =>
  sql`delete from movements_left where treasury_id = ${of.treasuryId} and mint = ${of.mint} and signature = ${signature}`.execute(
    tx,
  );

async function tell(
  tx: Tx,
  parts: Parts,
  of: ScannedAccount,
  movement: TimedMovement,
  booked: 'owner_funding' | 'suspense',
  amount: ReturnType<typeof atoms>,
): Promise<void> {
  const agent = await tx.selectFrom('agents').select('mint').where('treasury_id', '=', of.treasuryId).executeTakeFirst();
  const rise = movement.change > 0n;
  const event = (kind: EventKind, object: NewEvent['object']): NewEvent => ({
    kind,
    network: of.network as Network,
    accountId: of.accountId,
    agent: agent?.mint ?? null,
    actor: { type: 'system', id: 'scanTreasuries' },
    object,
    txSig: movement.signature,
    amount,
    asset: of.mint,
    data: {
      id: of.treasuryId,
      owner_agent: agent?.mint ?? null,
      token_account: of.tokenAccount,
      asset: of.mint,
      currency: assetOfMint(of.network as Network, of.mint)?.currency ?? of.mint,
      amount_atomic: amount.toString(),
      tx_sig: movement.signature,
      slot: movement.slot.toString(),
      block_time: movement.blockTime.toISOString(),
      counterparty: movement.other && { owner: movement.other.owner, token_account: movement.other.tokenAccount },
      booked_to: booked,
    },
  });
  const treasury = { type: 'treasury', id: of.treasuryId };
  await writeEvent(tx, parts.ids, event(rise ? 'agent.treasury.funded' : 'agent.treasury.withdrawn', treasury));
  if (!rise || booked === 'owner_funding') return;
  const deposit = { type: 'deposit', id: seenId({ treasuryId: of.treasuryId, mint: of.mint }, movement.signature) };
  await writeEvent(tx, parts.ids, event('payment.unmatched', deposit));
}
