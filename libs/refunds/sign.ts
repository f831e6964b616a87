import { openSigner } from '#libs/accounts/treasury-keys';
import { feePayerBudgetOf } from '#libs/config/limits';
import type { Tx } from '#libs/db/database';
import { takeFunds } from '#libs/funds/take';
import { mustAtoms } from '#libs/money/atoms';
import { asOwner } from '#libs/money/solana-types';
import { chainOf, type Parts } from '#libs/parts';
import type { PayOutcome } from '#libs/states/outcomes';
import { OVER_BUDGET, waitFor } from '#libs/states/waiting';
import { buryAttempt, countAttempts, type LiveAttempt, liveAttempt, signBytes, storeAttempt } from '#libs/transfers/attempts';
import { buildTransfer } from '#libs/transfers/build';
import { checkOutgoing } from '#libs/transfers/check';
import { dropSpend, spendWithin } from '#libs/transfers/fee-payer-budget';
import { prepare } from '#libs/transfers/plan';
import { findWay, IN_FLIGHT, type Way } from './destination.ts';
import { claimReopening, dropClaim, hasReopened, mayReopen } from './reopening.ts';
import { planOf } from './route-plan.ts';
import { claimOf } from './short.ts';
import { type LegAtWork, type LegRef, lockCarried, waitingOutcome } from './take.ts';
import { moveRefund } from './transition.ts';
import { type DeadAttempt, waitLeg } from './wait.ts';

/** More than this many dead attempts for one leg is no bad luck: a person should look. */
const MAX_ATTEMPTS = 20;

type Signed = { kind: 'signed'; attempt: LiveAttempt } | { kind: 'outcome'; outcome: PayOutcome };

/**
 * Signs the leg's next attempt and stores its bytes, or says what it waits for. Everything is asked of the chain before the
 * lock; under the lock it is judged again whether there is something to sign, and verdict and new attempt are one commit.
 */
export async function signLeg(parts: Parts, ref: LegRef, leg: LegAtWork, dead: DeadAttempt | null): Promise<Signed> {
  const wait = async (
    reason: Parameters<typeof waitLeg>[2],
    seen: { balance?: bigint; ends_when?: string | undefined; actions?: readonly string[] } = {},
  ): Promise<Signed> => ({
    kind: 'outcome',
    outcome: await waitLeg(parts, ref, reason, { live: null, dead }, { destination: leg.destination_account, ...seen }),
  });
  if (leg.destination_owner === null || leg.destination_account === null) return wait('address');
  if (leg.payment_status === 'pending') return wait('payment_unconfirmed');
  const number = (await countAttempts(parts.db.read, leg.leg_id)) + 1;
  // `retry` has set aside those before it.
  const tries = number - leg.attempts_set_aside;
  if (tries > MAX_ATTEMPTS) return wait('attempts_exhausted');

  const chain = chainOf(parts, leg.network);
  const feePayer = asOwner(parts.feePayer.address);
  const payee = { network: leg.network, owner: leg.destination_owner, mint: leg.asset };
  const worth = { ...payee, accountId: leg.account_id, amount: mustAtoms(leg.refund_amount) };
  const route = {
    source: leg.treasury_account,
    destination: leg.destination_account,
    owner: payee.owner,
    feePayer,
    mint: leg.asset,
    tokenProgram: leg.token_program,
    amount: mustAtoms(leg.net),
    paidAtSlot: BigInt(leg.payment_slot),
  };
  const ask = () => findWay(chain, 'refund.destination', route, () => mayReopen(parts.db.read, worth, dead?.attemptId ?? null));
  const way = await ask();
  const barred = ({ reason, ends_when, funds }: Extract<Way, { kind: 'barred' }>) =>
    wait(reason, { balance: funds.balance, ends_when });
  if (way.kind === 'barred') return barred(way);
  const plan = planOf(feePayer, leg, way.destination, way.open);
  const prepared = await prepare(chain, { lifetime: 'refund.blockhash', simulate: 'refund.simulate' }, plan, tries);
  if ('error' in prepared) {
    parts.log.warn({ refund_id: leg.refund_id, leg_id: leg.leg_id, error: prepared.error }, 'a refund would fail on chain');
    // A node that does not know a fresh blockhash is behind.
    if (prepared.error.includes('BlockhashNotFound')) return wait('rpc_unavailable');
    // Another's transfer may have landed since the look; anything else fails until somebody changes something.
    const again = await ask();
    return again.kind === 'barred' ? barred(again) : wait('attempts_exhausted');
  }
  const treasury = await openSigner(parts.db.read, parts.sealer, leg.treasury_id);

  const signed = await parts.db.tx('refund.store', async (tx): Promise<Signed | 'short' | 'claimed' | 'over_budget'> => {
    const held = await lockCarried(tx, ref);
    if (!held) return { kind: 'outcome', outcome: { kind: 'stopped', status: 'carried_elsewhere' } };
    if (held.leg_status === 'posted') return { kind: 'outcome', outcome: { kind: 'posted' } };
    if (held.leg_status === 'voided') return { kind: 'outcome', outcome: { kind: 'voided' } };
    if (nothingToSign(held, leg)) return { kind: 'outcome', outcome: lookAgain(held, parts.clock.now()) };
    if (dead) await buryAttempt(tx, dead.attemptId, dead.verdict);
    // Another run was quicker: its attempt is the one to follow.
    const other = await liveAttempt(tx, leg.leg_id);
    if (other) return { kind: 'signed', attempt: other };
    const id = parts.ids.next('attempt');
    const lamports = prepared.feeLamports + way.rentLamports;
    const spend = { id, accountId: held.account_id, network: held.network, lamports };
    if (!(await spendWithin(tx, feePayerBudgetOf(parts.config), spend))) return 'over_budget';
    if (way.open && !(await claimReopening(tx, payee, { attemptId: id, refundId: leg.refund_id }))) {
      await dropSpend(tx, id);
      return 'claimed';
    }
    // What is there may be promised already: to an attempt in flight, or to who stands before this one in line.
    if (!(await takeFunds(tx, claimOf(held), way.funds))) {
      await dropClaim(tx, id);
      await dropSpend(tx, id);
      return 'short';
    }
    const transaction = buildTransfer(plan, prepared.budget, prepared.lifetime);
    const { signature, wire } = await parts.steps('refund.sign', () => signBytes(transaction, [parts.feePayer, treasury]));
    await checkOutgoing(wire, plan);
    const attempt = await storeAttempt(tx, {
      id,
      network: leg.network,
      treasuryId: leg.treasury_id,
      number,
      legIds: [leg.leg_id],
      signature,
      wire,
      lastValidBlockHeight: prepared.lifetime.lastValidBlockHeight,
      feeLamports: prepared.feeLamports,
      ...prepared.mark,
    });
    await noteDestination(tx, held, way);
    await tx.updateTable('legs').set({ status: 'sent' }).where('id', '=', leg.leg_id).execute();
    await moveRefund(
      tx,
      parts,
      { ...held, id: held.refund_id },
      { type: 'workflow', id: ref.carrier },
      {
        to: 'processing',
        waiting: waitFor('awaiting_confirmation', parts.clock.now(), held.waiting),
      },
    );
    return { kind: 'signed', attempt };
  });
  if (signed === 'over_budget') return wait('sponsor_short', OVER_BUDGET);
  if (signed === 'claimed') return wait('not_yet_sent', { ends_when: IN_FLIGHT });
  return signed === 'short' ? wait('insufficient_funds', { balance: way.funds.balance }) : signed;
}

/** The refund's destination is the account that is paid; whose word sent it there stands, unless it had to be opened anew. */
async function noteDestination(tx: Tx, held: LegAtWork, { destination, open }: Extract<Way, { kind: 'open' }>): Promise<void> {
  const reopened = held.destination_how === 'payer_reopened' || open !== null;
  if (destination === held.destination_account && !reopened) return;
  const whose = open !== null || (await hasReopened(tx, held.refund_id)) ? 'payer_reopened' : 'payer';
  const how = held.destination_how.startsWith('payer') ? whose : held.destination_how;
  await tx
    .updateTable('refunds')
    .set({ destination_account: destination, destination_how: how })
    .where('id', '=', held.refund_id)
    .execute();
}

/** What was judged before the lock no longer stands: it waits for someone, goes elsewhere, or what it gives back is gone. */
const nothingToSign = (held: LegAtWork, judged: LegAtWork): boolean =>
  held.status.startsWith('requires_') ||
  held.destination_account !== judged.destination_account ||
  held.payment_status === 'pending' ||
  held.leg_receipt !== null;

/** Nothing was written; the carrier comes back soon and judges anew. */
const lookAgain = (held: LegAtWork, now: Date): PayOutcome =>
  waitingOutcome(held, held.waiting ?? waitFor('not_yet_sent', now), null);
