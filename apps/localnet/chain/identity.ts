import { createHash } from 'node:crypto';

export type Network = 'devnet' | 'mainnet' | 'both';

export const TOKEN = 'TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA';
export const TOKEN_2022 = 'TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb';
export const ATA = 'ATokenGPvbdGVxr1b2hvZbsiqW5xWH25efTNsLJA8knL';
export const MEMO = 'MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr';
export const MEMO_1 = 'Memo1UhkJRfHyvLMcVucJwxXeuD728EqVDDwQDxFMNo';
export const SYSTEM = '11111111111111111111111111111111';
export const COMPUTE_BUDGET = 'ComputeBudget111111111111111111111111111111';

/** The genesis hashes by which clients recognise a network. With `both` the chain answers as devnet. */
export const GENESIS_HASH: Record<Network, string> = {
  devnet: 'EtWTRABZaYq6iMfeYKouRu166VU2xqa1wcaWoxPkrZBG',
  mainnet: '5eykt4UsFv8P8NJdTREpY1vzqKqZKvdpKhvTxXxqmKba',
  both: 'EtWTRABZaYq6iMfeYKouRu166VU2xqa1wcaWoxPkrZBG',
};

export type MintKind = { address: string; symbol: 'USDC' | 'USDT' | 'USDG'; program: string };

const DEVNET: MintKind[] = [
  { symbol: 'USDC', address: '4zMMC9srt5Ri5X14GAgXhaHii3GnPAEERYPJgZJDncDU', program: TOKEN },
  { symbol: 'USDT', address: 'EcFc2cMyZxaKBkFK1XooxiyDyCPneLXiMwSJiVY6eTad', program: TOKEN },
  { symbol: 'USDG', address: '4F6PM96JJxngmHnZLBh9n58RH4aTVNWvDs2nuwrT5BP7', program: TOKEN_2022 },
];
const MAINNET: MintKind[] = [
  { symbol: 'USDC', address: 'EPjFWdd5AufqSSqeM2qN1xzybapC8G4wEGGkZwyTDt1v', program: TOKEN },
  { symbol: 'USDT', address: 'Es9vMFrzaCERmJfrF4H2FYD4KCoNkY11McCe8BenwNYB', program: TOKEN },
  { symbol: 'USDG', address: '2u1tszSeqZ3qBWF3uNGPFc8TzMk2tdiwknnRMWGWjGWH', program: TOKEN_2022 },
];

/** The stablecoin mints that exist on the network, at their real addresses. All have six decimals. */
export const mintsOf = (network: Network): MintKind[] =>
  network === 'devnet' ? DEVNET : network === 'mainnet' ? MAINNET : [...DEVNET, ...MAINNET];

const seed = (purpose: string) =>
  new Uint8Array(createHash('sha256').update(`ebb localnet, worthless outside it: ${purpose}`).digest());

/** Seeds of the two keys that the local chain knows for itself. Anyone can derive them: they are worth nothing elsewhere. */
export const FAUCET_SEED = seed('faucet');
export const MINT_AUTHORITY_SEED = seed('mint authority');
