import { createKeyPairSignerFromBytes, type TransactionPartialSigner } from '@solana/kit';
import type { Chain } from '#libs/chain/chain';
import { openChains } from '#libs/chain/open-chains';
import { type Config, need } from '#libs/config/config';
import { type Database, openDatabase } from '#libs/db/database';
import type { Network } from '#libs/money/assets';
import type { Budgets } from '#libs/paywall/sponsor/budgets';
import { openSteps, type Steps } from '#libs/steps/steps';
import { type Log, openLog } from '#libs/telemetry/log';

/** How the facilitator waits for the chain, in milliseconds. */
export interface FollowPace {
  /** Between two looks: quick at first, since most payments are confirmed within a second; then slower. */
  quick: number;
  slow: number;
  /** Between two sendings of the same bytes. */
  resend: number;
  /** How long one `/settle` waits before it says `settlement_pending`; its caller asks again. */
  wait: number;
}

/** What the facilitator works with. It holds the sponsor's key, and none of Ebb's other secrets. */
export interface FacilitatorParts {
  log: Log;
  steps: Steps;
  db: Database;
  chains: ReadonlyMap<Network, Chain>;
  /** Signs, and never sends: a key in memory here, a vault's adapter elsewhere. */
  sponsor: TransactionPartialSigner;
  /** What callers of `/verify` and `/settle` must show. */
  token: string;
  budgets: Budgets;
  pace: FollowPace;
}

const MAX_QUICK_MS = 100;
const MAX_WAIT_MS = 5_000;

export async function openFacilitatorParts(config: Config): Promise<FacilitatorParts> {
  const log = openLog('facilitator', config.EBB_LOG_LEVEL);
  const steps = openSteps(config);
  const chains = openChains(config, steps);
  if (chains.size === 0) throw new Error('no network has an RPC: set SOLANA_DEVNET_RPC_URL or SOLANA_MAINNET_RPC_URL');
  return {
    log,
    steps,
    chains,
    db: openDatabase(need(config, 'DATABASE_URL'), {
      max: config.EBB_DATABASE_POOL,
      steps,
      onError: error => log.warn({ err: error }, 'a database connection was lost'),
    }),
    sponsor: await createKeyPairSignerFromBytes(Buffer.from(need(config, 'EBB_SPONSOR_KEY'), 'base64')),
    token: need(config, 'EBB_FACILITATOR_TOKEN'),
    budgets: {
      payer: { hour: config.EBB_SPONSOR_PAYER_HOUR_LAMPORTS, day: config.EBB_SPONSOR_PAYER_DAY_LAMPORTS },
      account: { hour: config.EBB_SPONSOR_ACCOUNT_HOUR_LAMPORTS, day: config.EBB_SPONSOR_ACCOUNT_DAY_LAMPORTS },
    },
    pace: {
      quick: Math.min(config.EBB_PACE_POLL_MS, MAX_QUICK_MS),
      slow: config.EBB_PACE_POLL_MS,
      resend: config.EBB_PACE_RESEND_MS,
      wait: Math.min(config.EBB_PACE_ACTIVITY_MS, MAX_WAIT_MS),
    },
  };
}
