import { ChainUnavailable } from '#libs/chain/chain';
import { feePayerBudgetOf } from '#libs/config/limits';
import { wouldTake } from '#libs/funds/take';
import { asMint, asOwner, type TokenProgram } from '#libs/money/solana-types';
import { chainOf, type Parts } from '#libs/parts';
import type { LockedPayment } from '#libs/payments/lock';
import { OVER_BUDGET, type Waiting, type WaitReason, waitFor } from '#libs/states/waiting';
import { wouldSpend } from '#libs/transfers/fee-payer-budget';
import { prepare } from '#libs/transfers/plan';
import { findWay } from './destination.ts';
import type { LegPart } from './legs.ts';
import type { Destination } from './redirect.ts';
import { mayReopen } from './reopening.ts';
import { planOf } from './route-plan.ts';
import type { MoneySource } from './source.ts';

export type PreviewDeps = Pick<Parts, 'db' | 'clock' | 'chains' | 'feePayer' | 'config'>;

/** As long as a real one, so that its transaction is as large. */
const REFUND_ID = 're_00000000000000000000000000';

/** What a refund would meet on its way. */
export interface Road {
  waiting: Waiting | null;
  fee: string | null;
  rent: string | null;
  /** Null where it is as it was asked for. */
  destination: { owner: string; token_account: string; how: string } | null;
}

/** The same look at the chain that signing takes: what stands in the way, or what it would cost. Null where it does not answer. */
export async function look(
  deps: PreviewDeps,
  payment: LockedPayment,
  { source, legs, to }: { source: MoneySource; legs: readonly LegPart[]; to: Destination },
): Promise<Road | null> {
  const chain = chainOf(deps, payment.network);
  const { slot } = await deps.db.read
    .selectFrom('payments')
    .select('slot')
    .where('id', '=', payment.id)
    .executeTakeFirstOrThrow();
  const nets = legs.map(one => one.amount - one.fee);
  const total = nets.reduce((sum, one) => sum + one, 0n);
  // Legs differ in nothing but their amount, which costs the network nothing: the first stands for all.
  const [first = total] = nets;
  const leg = {
    ...payment,
    net: first.toString(),
    treasury_owner: source.owner,
    treasury_account: source.tokenAccount,
    refund_id: REFUND_ID,
    leg: 0,
  };
  const feePayer = asOwner(deps.feePayer.address);
  const [mint, tokenProgram] = [asMint(payment.asset), payment.token_program as TokenProgram];
  const amount = legs.reduce((sum, one) => sum + one.amount, 0n);
  const worth = { accountId: payment.account_id, network: payment.network, owner: to.owner, mint, amount };
  const step = 'api.refund.preview';
  const barred = (reason: WaitReason, ends_when?: string, actions?: readonly string[]): Road => ({
    waiting: waitFor(reason, deps.clock.now(), null, { ...payment.settings, ends_when, actions }),
    fee: null,
    rent: null,
    destination: null,
  });
  try {
    const way = await findWay(
      chain,
      step,
      {
        source: source.tokenAccount,
        destination: to.tokenAccount,
        owner: to.owner,
        feePayer,
        mint,
        tokenProgram,
        // One after the other they take all of it.
        amount: total,
        paidAtSlot: BigInt(slot ?? 0),
      },
      () => mayReopen(deps.db.read, worth, null),
    );
    if (way.kind === 'barred') return barred(way.reason, way.ends_when);
    const claim = { treasuryId: source.treasuryId, mint: payment.asset, refundId: REFUND_ID, legId: '', amount: total };
    if (!(await wouldTake(deps.db.read, claim, way.funds))) return barred('insufficient_funds');
    const plan = planOf(feePayer, leg, way.destination, way.open);
    const prepared = await prepare(chain, { lifetime: step, simulate: step }, plan, 1);
    // A node that does not know a fresh blockhash is behind: it has not answered.
    if ('error' in prepared && prepared.error.includes('BlockhashNotFound')) return null;
    if ('error' in prepared) return barred('attempts_exhausted');
    const fee = prepared.feeLamports * BigInt(legs.length);
    const spend = { accountId: payment.account_id, network: payment.network, lamports: fee + way.rentLamports };
    const within = await wouldSpend(deps.db.read, feePayerBudgetOf(deps.config), spend);
    if (!within) return barred('sponsor_short', OVER_BUDGET.ends_when, OVER_BUDGET.actions);
    const how = way.open !== null && to.how === 'payer' ? ('payer_reopened' as const) : to.how;
    return {
      waiting: null,
      fee: fee.toString(),
      rent: way.rentLamports.toString(),
      destination: { owner: to.owner, token_account: way.destination, how },
    };
  } catch (error) {
    if (error instanceof ChainUnavailable) return null;
    throw error;
  }
}
