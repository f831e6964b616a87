import { AccountState, getTokenDecoder } from '@solana-program/token';
import type { Mint, Owner } from '#libs/money/solana-types';
import { isTokenProgram } from './programs.ts';

/** What a token account says of itself. `amount` in atoms. */
export interface HeldTokens {
  mint: Mint;
  owner: Owner;
  amount: bigint;
  frozen: boolean;
}

const TOKEN_ACCOUNT_BYTES = 165;
const KIND_TOKEN_ACCOUNT = 2;

/**
 * Reads a token account of either token program; Token-2022 puts its extensions behind the same layout. Null for what is no
 * token account: closed, never opened, a mint, a wallet.
 */
export function readTokenAccount(
  account: { owner: string; data: readonly [string, ...unknown[]] } | null | undefined,
): HeldTokens | null {
  if (!account || !isTokenProgram(account.owner)) return null;
  const bytes = Buffer.from(account.data[0], 'base64');
  if (bytes.length < TOKEN_ACCOUNT_BYTES) return null;
  if (bytes.length > TOKEN_ACCOUNT_BYTES && bytes[TOKEN_ACCOUNT_BYTES] !== KIND_TOKEN_ACCOUNT) return null;
  const { mint, owner, amount, state } = getTokenDecoder().decode(bytes.subarray(0, TOKEN_ACCOUNT_BYTES));
  if (state === AccountState.Uninitialized) return null;
  return { mint: mint as Mint, owner: owner as Owner, amount, frozen: state === AccountState.Frozen };
}
