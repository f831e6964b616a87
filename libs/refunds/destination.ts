import { AccountState, getTokenDecoder } from '@solana-program/token';
import type { Chain } from '#libs/chain/chain';
import { isTokenProgram } from '#libs/chain/programs';
import type { FundsSeen } from '#libs/funds/take';
import type { Mint, Owner, TokenAccount } from '#libs/money/solana-types';
import type { WaitReason } from '#libs/states/waiting';
import type { Step } from '#libs/steps/registry';

export interface Route {
  source: TokenAccount;
  destination: TokenAccount;
  /** Who owned the destination when the payment settled, or whom a redirect named. */
  owner: Owner;
  feePayer: Owner;
  mint: Mint;
  amount: bigint;
  /** A node that has not reached this slot is not asked. */
  paidAtSlot: bigint;
}

/** Enough SOL for a transaction at the highest price we pay, above what an account must keep to be rent-exempt. */
export const MIN_FEE_LAMPORTS = 890_880n + 60_000n;
const TOKEN_ACCOUNT_BYTES = 165;
const ADDRESS_BYTES = 32;
/** The mint extension that holds an authority and whether it has paused the mint. */
const PAUSABLE = 26;

/** What one look at the way showed: what bars it, and what the source held at which slot. */
export interface RouteSight {
  fault: WaitReason | null;
  funds: FundsSeen;
}

/**
 * Why the transfer should not be signed now, or null: one look at both token accounts, their mint and the account that pays
 * the fee. A destination that was closed or has another owner since the payment is not paid: its address may be someone
 * else's by now. Nor is one whose owner is a token account or a mint: what arrives there nobody can spend.
 */
export async function routeFault(chain: Chain, step: Step, route: Route): Promise<RouteSight> {
  const { context, value } = await chain.ask(step, rpc =>
    rpc.getMultipleAccounts([route.source, route.destination, route.feePayer, route.owner, route.mint], {
      encoding: 'base64',
      commitment: 'confirmed',
      minContextSlot: route.paidAtSlot,
    }),
  );
  const [source, destination, feePayer, owner, mint] = value;
  const from = readTokenAccount(source?.data[0]);
  const to = readTokenAccount(destination?.data[0]);
  const funds = { balance: from?.amount ?? 0n, slot: BigInt(context.slot) };
  const barred = (fault: WaitReason | null): RouteSight => ({ fault, funds });
  if (to === null || to.owner !== route.owner || isTokenProgram(owner?.owner ?? null)) return barred('address');
  if (to.state === AccountState.Frozen) return barred('destination_frozen');
  if (from?.state === AccountState.Frozen) return barred('treasury_frozen');
  if (isPaused(mint?.data[0])) return barred('mint_paused');
  if (funds.balance < route.amount) return barred('insufficient_funds');
  if ((feePayer?.lamports ?? 0n) < MIN_FEE_LAMPORTS) return barred('sponsor_short');
  return barred(null);
}

/** What the chain says of a destination that a caller names: its wallet's address, and that wallet's account for the asset. */
export type Sight = 'fit' | 'token_account' | 'frozen';

/** One look at both, at `confirmed`. An account that is not there yet is fit: it may be by the time it is paid. */
export async function lookAtDestination(chain: Chain, step: Step, owner: Owner, tokenAccount: TokenAccount): Promise<Sight> {
  const { value } = await chain.ask(step, rpc =>
    rpc.getMultipleAccounts([owner, tokenAccount], { encoding: 'base64', commitment: 'confirmed' }),
  );
  const [wallet, account] = value;
  if (isTokenProgram(wallet?.owner ?? null)) return 'token_account';
  return readTokenAccount(account?.data[0])?.state === AccountState.Frozen ? 'frozen' : 'fit';
}

/**
 * Whether a mint of Token-2022 lets nothing move for now; a classic mint knows no pause. Read from the extensions behind the
 * mint (type, length, content), so that one nobody knows yet is stepped over.
 */
function isPaused(data: string | undefined): boolean {
  const bytes = Buffer.from(data ?? '', 'base64');
  for (let at = TOKEN_ACCOUNT_BYTES + 1; at + 4 <= bytes.length; at += 4 + bytes.readUInt16LE(at + 2)) {
    if (bytes.readUInt16LE(at) === PAUSABLE) return bytes[at + 4 + ADDRESS_BYTES] === 1;
  }
  return false;
}

/** The state of a token account of either token program; Token-2022 puts its extensions behind the same layout. */
function readTokenAccount(data: string | undefined): { owner: string; amount: bigint; state: AccountState } | null {
  const bytes = Buffer.from(data ?? '', 'base64');
  if (bytes.length < TOKEN_ACCOUNT_BYTES) return null;
  const { owner, amount, state } = getTokenDecoder().decode(bytes.subarray(0, TOKEN_ACCOUNT_BYTES));
  return state === AccountState.Uninitialized ? null : { owner, amount, state };
}
