import { type Address, isSignature } from '@solana/kit';
import { associatedAccount } from '#libs/chain/associated';
import { ChainUnavailable } from '#libs/chain/chain';
import { mustDecode } from '#libs/chain/decode';
import { rentPaid } from '#libs/chain/rent';
import { settledTransfer } from '#libs/chain/transfers';
import { type Tx, violatedConstraint } from '#libs/db/database';
import { claimMovement } from '#libs/funds/movements';
import { asMint, asOwner, asSignature, asTokenAccount, type TokenAccount, type TokenProgram } from '#libs/money/solana-types';
import { chainOf, type Parts } from '#libs/parts';
import { refuse } from '#libs/problems/refusal';
import { REFUND_TERMINAL } from '#libs/states/refund';
import type { Step } from '#libs/steps/registry';
import { countAttempts, storeAttempt } from '#libs/transfers/attempts';
import { lockAll, postLocked } from '../post.ts';
import type { RefundView } from '../view.ts';
import { type Act, type ActDeps, carryOut, type HeldLeg, type HeldRefund } from './act.ts';
import type { ResolveBody } from './bodies.ts';
import { endWithRest } from './end-with-rest.ts';
import { deadLegs } from './unmoved.ts';

export type ResolveDeps = ActDeps & Pick<Parts, 'chains' | 'db' | 'feePayer'>;

/**
 * Ends by an operator's word what nothing else ends: given up, or paid by someone else's transaction, which the chain is
 * asked about before anything is locked. Returns the act, to be carried out in a transaction. Refuses with
 * `resolution_not_matching` what did not pay this refund, at `finalized`; with `chain_unavailable` where nobody can say.
 */
export async function readyToResolve(
  deps: ResolveDeps,
  step: Step,
  act: Act,
  body: ResolveBody,
): Promise<(tx: Tx) => Promise<RefundView>> {
  if ('give_up' in body) return tx => giveUp(tx, deps, act, body.reason);
  const found = await findTransaction(deps, step, act, body.tx_sig);
  return tx => resolveWith(tx, deps, act, body.tx_sig, found);
}

const giveUp = (tx: Tx, deps: ActDeps, act: Act, reason: string): Promise<RefundView> =>
  carryOut(tx, deps, act, async refund => {
    needOpen(refund);
    const failure = { code: refund.waiting?.reason ?? 'operator', message: reason };
    await endWithRest(tx, deps, refund, act.actor, { to: 'failed', failure });
    return 'wake';
  });

type Answer = Parameters<typeof settledTransfer>[0];
interface Found {
  answer: Answer;
  wire: Buffer;
}

const resolveWith = async (tx: Tx, deps: ResolveDeps, act: Act, signature: string, found: Found | null): Promise<RefundView> => {
  // Posting locks the payment before the refund; an act that posts keeps that order.
  await tx
    .selectFrom('payments')
    .select('id')
    .where('id', '=', tx.selectFrom('refunds').select('payment_id').where('id', '=', act.refundId))
    .forUpdate()
    .execute();
  return carryOut(tx, deps, act, async refund => {
    needOpen(refund);
    const { leg, landed, account } = await match(tx, deps, refund, await deadLegs(tx, refund), found);
    const id = deps.ids.next('attempt');
    await storeUnused(tx, {
      id,
      network: refund.network,
      treasuryId: refund.treasury_id,
      number: (await countAttempts(tx, leg.id)) + 1,
      legIds: [leg.id],
      signature: asSignature(signature),
      wire: landed.wire,
      // Nothing of it is ever sent or proven dead by us: it has landed, finally.
      lastValidBlockHeight: 0n,
      feeLamports: landed.feeLamports,
      finalizedSlot: landed.slot,
      finalizedHeight: 0n,
    });
    await tx.updateTable('refunds').set({ destination_account: account }).where('id', '=', refund.id).execute();
    // Nobody's until now, it may stand in suspense already.
    const till = { treasuryId: refund.treasury_id, mint: refund.asset };
    await claimMovement(tx, till, signature, landed.blockTime);
    await postLocked(tx, deps, await lockAll(tx, { legId: leg.id, refundId: refund.id }), act.actor, null, {
      attempt_id: id,
      tx_sig: signature,
      slot: landed.slot.toString(),
      block_time: landed.blockTime.toISOString(),
      fee_lamports: landed.feeLamports.toString(),
      rent_lamports: landed.rentLamports === null ? null : landed.rentLamports.toString(),
    });
    return 'wake';
  });
};

/** The transaction as it stands at `finalized`, or null; only of a refund that the asker may know of. */
async function findTransaction(deps: ResolveDeps, step: Step, act: Act, signature: string): Promise<Found | null> {
  if (!isSignature(signature)) return null;
  let query = deps.db.read.selectFrom('refunds').select('network').where('id', '=', act.refundId);
  if (act.owner) query = query.where('account_id', '=', act.owner.accountId).where('network', '=', act.owner.network);
  const refund = await query.executeTakeFirst();
  if (!refund) return refuse('refund_not_found');
  try {
    const answer = await chainOf(deps, refund.network).ask(step, rpc =>
      rpc.getTransaction(signature, { commitment: 'finalized', maxSupportedTransactionVersion: 0, encoding: 'base64' }),
    );
    return answer && { answer, wire: Buffer.from(answer.transaction[0], 'base64') };
  } catch (error) {
    if (error instanceof ChainUnavailable) return refuse('chain_unavailable');
    throw error;
  }
}

/**
 * What the transaction paid, if it is what a leg of this refund was to pay: our treasury's money, as much as the leg moves,
 * where it was to go. Of several legs that fit, the first; the others are still to be paid.
 */
async function match(tx: Tx, deps: ResolveDeps, refund: HeldRefund, legs: readonly HeldLeg[], found: Found | null) {
  const fail: (detail: string) => never = detail =>
    refuse('resolution_not_matching', { detail, members: { refund_id: refund.id } });
  if (!found) return fail('The chain has no such transaction at `finalized`.');
  if (refund.destination_account === null) return fail('The refund has no destination that could have been paid.');
  const { token_account: treasury } = await tx
    .selectFrom('treasury_accounts')
    .select('token_account')
    .where('treasury_id', '=', refund.treasury_id)
    .where('mint', '=', refund.asset)
    .executeTakeFirstOrThrow();
  const mint = asMint(refund.asset);
  const accounts = [asTokenAccount(refund.destination_account), ...(await associatedOf(refund))];
  const [{ account, paid } = { account: null, paid: null }] = accounts
    .map(one => ({ account: one, paid: settledTransfer(found.answer, { account: one, mint }) }))
    .filter(one => one.paid.kind === 'settled');
  if (paid?.kind !== 'settled') return fail('It did not pay this refund’s destination, or not by one transfer.');
  if (paid.payer.tokenAccount !== treasury) fail('It was not paid by this refund’s treasury.');
  const moves = legs.map(leg => BigInt(leg.amount) - BigInt(leg.fee));
  const leg = legs[moves.indexOf(paid.captured)];
  if (!leg) return fail(`It paid ${paid.captured} atoms; the refund was still to pay ${moves.join(' and ') || 'nothing'}.`);
  if (paid.blockTime === null) return fail('The node does not know when it landed; try again.');
  const ours = mustDecode(found.wire).feePayer === (deps.feePayer.address as Address);
  const landed = {
    ...paid,
    blockTime: paid.blockTime,
    wire: found.wire,
    feeLamports: ours ? paid.feeLamports : 0n,
    rentLamports: ours ? rentPaid(found.answer.meta) : 0n,
  };
  return { leg, landed, account };
}

/** Where the same owner keeps the asset: who pays by hand pays there, if the account that paid is closed. */
async function associatedOf({ destination_owner, asset, token_program }: HeldRefund): Promise<TokenAccount[]> {
  if (destination_owner === null) return [];
  return [await associatedAccount(asOwner(destination_owner), asMint(asset), token_program as TokenProgram)];
}

/** A transaction resolves or pays one refund: its signature is stored once for ever. */
async function storeUnused(tx: Tx, attempt: Parameters<typeof storeAttempt>[1]): Promise<void> {
  const used = await tx.selectFrom('attempts').select('id').where('signature', '=', attempt.signature).executeTakeFirst();
  const refuseUsed = () =>
    refuse('resolution_not_matching', {
      detail: 'That transaction belongs to a refund already.',
      members: { tx_sig: attempt.signature },
    });
  if (used) refuseUsed();
  try {
    await storeAttempt(tx, attempt);
  } catch (error) {
    if (violatedConstraint(error) === 'attempts_signature_key') refuseUsed();
    throw error;
  }
}

function needOpen(refund: HeldRefund): void {
  if (!REFUND_TERMINAL.has(refund.status)) return;
  refuse('refund_state_conflict', {
    detail: `The refund is ${refund.status}.`,
    members: { refund_id: refund.id, refund_status: refund.status },
  });
}
