import { asMint, type Mint, type TokenProgram } from './solana-types.ts';

export type Network = 'solana-devnet' | 'solana-mainnet';
export const NETWORKS = ['solana-devnet', 'solana-mainnet'] as const satisfies readonly Network[];
export type Currency = 'USDC' | 'USDT' | 'USDG';
export const CURRENCIES = ['USDC', 'USDT', 'USDG'] as const satisfies readonly Currency[];

const TOKEN = 'TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA' as TokenProgram;
const TOKEN_2022 = 'TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb' as TokenProgram;

/** An asset is a mint with its token program; the symbol is for people. */
export interface Asset {
  network: Network;
  currency: Currency;
  mint: Mint;
  tokenProgram: TokenProgram;
  decimals: number;
}

const asset = (network: Network, currency: Currency, mint: string, tokenProgram: TokenProgram): Asset => ({
  network,
  currency,
  mint: asMint(mint),
  tokenProgram,
  decimals: 6,
});

export const ASSETS: readonly Asset[] = [
  asset('solana-devnet', 'USDC', '4zMMC9srt5Ri5X14GAgXhaHii3GnPAEERYPJgZJDncDU', TOKEN),
  asset('solana-devnet', 'USDT', 'EcFc2cMyZxaKBkFK1XooxiyDyCPneLXiMwSJiVY6eTad', TOKEN),
  asset('solana-devnet', 'USDG', '4F6PM96JJxngmHnZLBh9n58RH4aTVNWvDs2nuwrT5BP7', TOKEN_2022),
  asset('solana-mainnet', 'USDC', 'EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v', TOKEN),
  asset('solana-mainnet', 'USDT', 'Es9vMFrzaCERmJfrF4H2FYD4KCoNkY11McCe8BenwNYB', TOKEN),
  asset('solana-mainnet', 'USDG', '2u1tszSeqZ3qBWF3uNGPFc8TzMk2tdiwknnRMWGWjGWH', TOKEN_2022),
];

/** The asset of a symbol on a network. */
export function assetOf(network: Network, currency: Currency): Asset {
  const found = ASSETS.find(one => one.network === network && one.currency === currency);
  if (!found) throw new Error(`no ${currency} on ${network}`);
  return found;
}

/** The asset of a mint on a network, or null for a mint Ebb does not carry. */
export function assetOfMint(network: Network, mint: string): Asset | null {
  return ASSETS.find(one => one.network === network && one.mint === mint) ?? null;
}

/** CAIP-2 ids: the first 32 characters of the genesis hash. */
export const CAIP2: Record<Network, `solana:${string}`> = {
  'solana-devnet': 'solana:EtWTRABZaYq6iMfeYKouRu166VU2xqa1',
  'solana-mainnet': 'solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp',
};
