import type { Config } from '#libs/config/config';
import { CAIP2, NETWORKS, type Network } from '#libs/money/assets';
import type { Steps } from '#libs/steps/steps';
import { type Chain, openChain } from './chain.ts';

/** The genesis hash (or its first 32 characters) that a network's RPC must show. A private devnet may have its own; mainnet never. */
function genesisOf(config: Config, network: Network): string {
  const own = network === 'solana-devnet' ? config.SOLANA_DEVNET_GENESIS_HASH : undefined;
  return own ?? CAIP2[network].slice('solana:'.length);
}

/** Every network that has an RPC in the settings. */
export function openChains(config: Config, steps: Steps): ReadonlyMap<Network, Chain> {
  const urls: Record<Network, readonly string[] | undefined> = {
    'solana-devnet': config.SOLANA_DEVNET_RPC_URL,
    'solana-mainnet': config.SOLANA_MAINNET_RPC_URL,
  };
  return new Map(
    NETWORKS.flatMap(network => {
      const given = urls[network];
      return given ? [[network, openChain(network, given, steps, genesisOf(config, network))] as const] : [];
    }),
  );
}
