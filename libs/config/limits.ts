import type { Network } from '#libs/money/assets';
import { type Atoms, atoms } from '#libs/money/atoms';
import type { Config } from './config.ts';

/** The most our signer of a network moves in one transfer, in atoms; null: no limit. */
export function maxLegOf(config: Config, network: Network): Atoms | null {
  const set = network === 'solana-devnet' ? config.EBB_MAX_LEG_DEVNET_ATOMIC : config.EBB_MAX_LEG_MAINNET_ATOMIC;
  return set === undefined ? null : atoms(set);
}

/** What our fee payer signs for at most on one account's behalf, in lamports. */
export const feePayerBudgetOf = (config: Config): { hour: bigint; day: bigint } => ({
  hour: config.EBB_FEE_PAYER_ACCOUNT_HOUR_LAMPORTS,
  day: config.EBB_FEE_PAYER_ACCOUNT_DAY_LAMPORTS,
});
