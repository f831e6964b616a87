import { createKeyPairSignerFromBytes, type KeyPairSigner } from '@solana/kit';
import type { Chain } from '#libs/chain/chain';
import { openChains } from '#libs/chain/open-chains';
import { type Clock, systemClock } from '#libs/clock/clock';
import { type Config, need } from '#libs/config/config';
import { paceOf } from '#libs/config/pace';
import { type Database, openDatabase } from '#libs/db/database';
import { type Ids, ulidIds } from '#libs/ids/ids';
import { NETWORKS, type Network } from '#libs/money/assets';
import { type FacilitatorClient, openFacilitatorClient } from '#libs/paywall/facilitator-client';
import { derive } from '#libs/secrets/derive';
import { type Sealer, sealer } from '#libs/secrets/sealer';
import type { Pace } from '#libs/states/pace';
import { openSteps, type Steps } from '#libs/steps/steps';
import { type Log, openLog } from '#libs/telemetry/log';

/** What every process starts from. Tests build their own, with other ports. */
export interface Parts {
  config: Config;
  pace: Pace;
  log: Log;
  clock: Clock;
  ids: Ids;
  steps: Steps;
  db: Database;
  chains: ReadonlyMap<Network, Chain>;
  facilitators: ReadonlyMap<Network, FacilitatorClient>;
  sealer: Sealer;
  /** Server keys, each for one use. */
  keys: Record<'memo' | 'proof' | 'status' | 'cursor', Buffer>;
  /** Pays the network fee of what Ebb sends itself; never the facilitator's sponsor. */
  feePayer: KeyPairSigner;
  /** Where a person looks at a workflow, or null when no UI is configured. */
  workflowUrl(workflowId: string): string | null;
  close(): Promise<void>;
}

/** Opens everything a process needs from its settings. Nothing is asked of the network yet. */
export async function openParts(config: Config, processName: string): Promise<Parts> {
  const log = openLog(processName, config.EBB_LOG_LEVEL);
  const steps = openSteps(config);
  const db = openDatabase(need(config, 'DATABASE_URL'), {
    max: config.EBB_DATABASE_POOL,
    steps,
    onError: error => log.warn({ err: error }, 'a database connection was lost'),
  });
  const master = need(config, 'EBB_MASTER_KEY');
  const token = config.EBB_FACILITATOR_TOKEN;
  const facilitatorUrls: Record<Network, string | undefined> = {
    'solana-devnet': config.EBB_FACILITATOR_DEVNET_URL,
    'solana-mainnet': config.EBB_FACILITATOR_MAINNET_URL,
  };
  const facilitators = new Map<Network, FacilitatorClient>();
  for (const network of NETWORKS) {
    const url = facilitatorUrls[network];
    if (url) facilitators.set(network, openFacilitatorClient({ url, token, steps }));
  }
  const feePayerKey = config.EBB_FEE_PAYER_KEY;
  const feePayer = feePayerKey === undefined ? null : await createKeyPairSignerFromBytes(Buffer.from(feePayerKey, 'base64'));
  const ui = config.TEMPORAL_UI_URL;
  return {
    config,
    pace: paceOf(config),
    log,
    clock: systemClock,
    ids: ulidIds(),
    steps,
    db,
    chains: openChains(config, steps),
    facilitators,
    sealer: sealer(master),
    keys: {
      memo: derive(master, 'memo'),
      proof: derive(master, 'proof'),
      status: derive(master, 'status'),
      cursor: derive(master, 'cursor'),
    },
    // Only who sends transactions is given the key.
    get feePayer() {
      if (!feePayer) throw new Error('setting EBB_FEE_PAYER_KEY is missing');
      return feePayer;
    },
    workflowUrl: id => (ui ? `${ui}/namespaces/${config.TEMPORAL_NAMESPACE}/workflows/${encodeURIComponent(id)}` : null),
    close: () => db.close(),
  };
}

/** The chain of a network; a network without an RPC is refused before any work begins, so its lack here is a defect. */
export function chainOf(parts: Pick<Parts, 'chains'>, network: string): Chain {
  const chain = parts.chains.get(network as Network);
  if (!chain) throw new Error(`no RPC is configured for ${network}`);
  return chain;
}
