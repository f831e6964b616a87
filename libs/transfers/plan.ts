import { getBase64EncodedWireTransaction } from '@solana/kit';
import type { Chain } from '#libs/chain/chain';
import { networkFeeLamports } from '#libs/chain/compute-budget';
import type { TokenAccount } from '#libs/money/solana-types';
import type { Step } from '#libs/steps/registry';
import { type Budget, buildTransfer, type Lifetime, type TransferPlan } from './build.ts';
import { describe, type Mark } from './prove.ts';

/** Lamports that a transaction may pay above its signatures, whatever the market says. */
export const MAX_PRIORITY_LAMPORTS = 50_000n;
/** The fee payer's and the treasury's. */
const SIGNATURES = 2;
/** Room above what the simulation used. */
const UNIT_MARGIN = 1.2;
const SIMULATION_UNITS_PER_LEG = 60_000;
const SIMULATION_UNITS_PER_OPENING = 100_000;
const FEE_PERCENTILE = 0.75;

export interface Prepared {
  budget: Budget;
  lifetime: Lifetime;
  mark: Mark;
  feeLamports: bigint;
}

/** What the chain would say to it now: the program's error, with the instruction that raised it. */
export interface Rejected {
  error: string;
}

/** Asks the chain everything that signing needs: a blockhash, where finality stands, recent fees. */
async function askLifetime(chain: Chain, step: Step, source: TokenAccount, attempt: number) {
  const [latest, epoch, fees] = await Promise.all([
    chain.ask(step, rpc => rpc.getLatestBlockhash({ commitment: 'confirmed' })),
    chain.ask(step, rpc => rpc.getEpochInfo({ commitment: 'finalized' })),
    chain.ask(step, rpc => rpc.getRecentPrioritizationFees([source])),
  ]);
  return {
    lifetime: { blockhash: latest.value.blockhash, lastValidBlockHeight: latest.value.lastValidBlockHeight },
    mark: { finalizedSlot: BigInt(epoch.absoluteSlot), finalizedHeight: BigInt(epoch.blockHeight) },
    unitPrice: raisedPrice(
      fees.map(fee => BigInt(fee.prioritizationFee)),
      attempt,
    ),
  };
}

/** Simulates the plan before anything is stored; the limit it then gets is what it used and a margin. */
export async function prepare(
  chain: Chain,
  steps: { lifetime: Step; simulate: Step },
  plan: TransferPlan,
  attempt: number,
): Promise<Prepared | Rejected> {
  const { lifetime, mark, unitPrice } = await askLifetime(chain, steps.lifetime, plan.source, attempt);
  const trial = buildTransfer(plan, { unitLimit: trialUnits(plan), unitPrice: 0n }, lifetime);
  const wire = getBase64EncodedWireTransaction(trial);
  const { value } = await chain.ask(steps.simulate, rpc =>
    rpc.simulateTransaction(wire, {
      encoding: 'base64',
      commitment: 'confirmed',
      sigVerify: false,
      replaceRecentBlockhash: false,
    }),
  );
  if (value.err !== null) return { error: describe(value.err) };
  const unitLimit = Math.ceil(Number(value.unitsConsumed ?? trialUnits(plan)) * UNIT_MARGIN);
  const budget = { unitLimit, unitPrice: cappedPrice(unitPrice, unitLimit) };
  return { budget, lifetime, mark, feeLamports: feeOf(budget) };
}

const trialUnits = ({ legs }: TransferPlan): number =>
  SIMULATION_UNITS_PER_LEG * legs.length + SIMULATION_UNITS_PER_OPENING * legs.filter(leg => leg.open !== null).length;

/** The market's price at a percentile, half as much again for every attempt that died. Millionths of a lamport. */
export function raisedPrice(recent: readonly bigint[], attempt: number): bigint {
  const sorted = [...recent].sort((a, b) => (a < b ? -1 : 1));
  const market = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * FEE_PERCENTILE))] ?? 0n;
  const base = attempt > 1 && market === 0n ? 1_000n : market;
  return (base * 3n ** BigInt(Math.min(attempt - 1, 10))) / 2n ** BigInt(Math.min(attempt - 1, 10));
}

export const cappedPrice = (unitPrice: bigint, unitLimit: number): bigint => {
  const most = (MAX_PRIORITY_LAMPORTS * 1_000_000n) / BigInt(Math.max(unitLimit, 1));
  return unitPrice < most ? unitPrice : most;
};

/** What the network takes for a transaction of ours, in lamports. */
export const feeOf = ({ unitLimit, unitPrice }: Budget): bigint => networkFeeLamports(SIGNATURES, unitLimit, unitPrice);
