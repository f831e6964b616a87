import { findAssociatedTokenPda } from '@solana-program/token';
import type { Mint, Owner, TokenAccount, TokenProgram } from '#libs/money/solana-types';

/** The token account where wallets keep an asset of an owner: an address that only the owner's and the mint's give. */
export async function associatedAccount(owner: Owner, mint: Mint, tokenProgram: TokenProgram): Promise<TokenAccount> {
  const [account] = await findAssociatedTokenPda({ owner, mint, tokenProgram });
  return account as TokenAccount;
}
