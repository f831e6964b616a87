import type { Address } from '@solana/kit';
import type { TokenProgram } from '#libs/money/solana-types';

export const SYSTEM_PROGRAM = '11111111111111111111111111111111' as Address;
export const COMPUTE_BUDGET_PROGRAM = 'ComputeBudget111111111111111111111111111111' as Address;
export const TOKEN_PROGRAM = 'TokenkegQfeZyiNwAJbNbGKPFXCWuBvf9Ss623VQ5DA' as TokenProgram;
export const TOKEN_2022_PROGRAM = 'TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb' as TokenProgram;
export const ASSOCIATED_TOKEN_PROGRAM = 'ATokenGPvbdGVxr1b2hvZbsiqW5xWH25efTNsLJA8knL' as Address;
/** The memo program that x402, MPP and wallets of today use; client libraries still default to an older id. */
export const MEMO_PROGRAM = 'MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr' as Address;
/** Assertions that Phantom and Solflare add to what they sign, so that a wallet sees what it agreed to or nothing. */
export const LIGHTHOUSE_PROGRAM = 'L2TExMFKdjpN9kozasaurPirfHy9P8sbXoAN1qA3S95' as Address;

export const isTokenProgram = (program: string | null): program is TokenProgram =>
  program === TOKEN_PROGRAM || program === TOKEN_2022_PROGRAM;

/**
 * Smart wallets whose own vaults move tokens without the vault signing the transaction: the x402 specification's list.
 * A transfer that any other program makes for an account of its own (a pool, an escrow) does not say who paid.
 */
export const WALLET_PROGRAMS: ReadonlySet<string> = new Set([
  'SQDS4ep65T869zMMBKyuUq6aD6EgTu8psMjkvj52pCf', // Squads v4
  'SMRTzfY6DfH5ik3TKiyLFfXexV8uSG3d2UksSCYdunG', // Squads smart account
  'SWiGmQedKzMz1tiTqoJCWeGDnGXfNBp2PkXLkpCAtQo', // Swig, legacy
  'swigypWHEksbC64pWKwah1WTeh9JXwx8H1rJHLdbQMB', // Swig v2
  'GovER5Lthms3bLBqWub97yVrMmEogzX7xNjdXpPPCVZw', // SPL Governance
  'CoREENxT6tW1HoK8ypY1SxRMZTcVPm7R94rH4PZNhX7d', // Metaplex Core (asset signers)
]);
