import { associatedAccount } from '#libs/chain/associated';
import type { Chain } from '#libs/chain/chain';
import { associatedAccountBytes, type MintAccount, readMint } from '#libs/chain/mint';
import { isTokenProgram } from '#libs/chain/programs';
import { type HeldTokens, readTokenAccount } from '#libs/chain/token-account';
import type { FundsSeen } from '#libs/funds/take';
import type { Mint, Owner, TokenAccount, TokenProgram } from '#libs/money/solana-types';
import type { WaitReason } from '#libs/states/waiting';
import type { Step } from '#libs/steps/registry';
import { judgeMint } from '#libs/transfers/mint-now';
import type { MayReopen } from './reopening.ts';

export interface Route {
  source: TokenAccount;
  destination: TokenAccount;
  /** Who owned the destination when the payment settled, or whom a redirect named. */
  owner: Owner;
  feePayer: Owner;
  mint: Mint;
  tokenProgram: TokenProgram;
  amount: bigint;
  /** A node that has not reached this slot is not asked. */
  paidAtSlot: bigint;
}

export type Way = {
  /** What the source held, and at which slot. */
  funds: FundsSeen;
} & (
  | {
      kind: 'open';
      destination: TokenAccount;
      /** Whose associated account the destination is, where the transfer has to open it first. */
      open: Owner | null;
      /** What opening it takes from the fee payer above the network fee. */
      rentLamports: bigint;
    }
  /** Why the transfer should not be signed now; `ends_when` where there is more to say of it than the reason does. */
  | { kind: 'barred'; reason: WaitReason; ends_when?: string }
);

/** Enough SOL for a transaction at the highest price we pay, above what an account must keep to be rent-exempt. */
export const MIN_FEE_LAMPORTS = 890_880n + 60_000n;
/** With this it can pay for a transaction that opens an account, too: more than any of our mints' accounts cost. */
export const SPONSOR_FUNDED_LAMPORTS = MIN_FEE_LAMPORTS + 2_500_000n;

export const IN_FLIGHT = 'the account that another refund opens for this owner is there';

/**
 * The way of a transfer as things stand: one look at both token accounts, the owner with their associated account, the mint
 * and the account that pays the fee (DESIGN section 7, "Where a refund goes").
 *
 * The account that paid is paid, while the same owner has it. Where it is closed, that owner's associated account is; where
 * that is not there, the transfer opens it if `mayOpen` says so, which is asked only then. An account of another owner is
 * never paid: its address may be someone else's by now. Nor is one whose owner is a token account or a mint: what arrives
 * there nobody can spend.
 */
export async function findWay(chain: Chain, step: Step, route: Route, mayOpen: () => Promise<MayReopen>): Promise<Way> {
  const way = await look(chain, step, route, mayOpen);
  // What has opened it meanwhile may have landed since the look.
  return way === 'taken' ? look(chain, step, route, () => Promise.resolve('not_worth_it')) : way;
}

/** The same, but for `taken`: it was opened once, and was not there when it was looked for. */
function look(chain: Chain, step: Step, route: Route, mayOpen: () => Promise<Exclude<MayReopen, 'taken'>>): Promise<Way>;
function look(chain: Chain, step: Step, route: Route, mayOpen: () => Promise<MayReopen>): Promise<Way | 'taken'>;
async function look(chain: Chain, step: Step, route: Route, mayOpen: () => Promise<MayReopen>): Promise<Way | 'taken'> {
  const associated = await associatedAccount(route.owner, route.mint, route.tokenProgram);
  const { context, value } = await chain.ask(step, rpc =>
    rpc.getMultipleAccounts([route.source, route.destination, route.feePayer, route.owner, route.mint, associated], {
      encoding: 'base64',
      commitment: 'confirmed',
      minContextSlot: route.paidAtSlot,
    }),
  );
  const [source, destination, feePayer, owner, mintAccount, other] = value;
  const from = readTokenAccount(source);
  const funds = { balance: from?.amount ?? 0n, slot: BigInt(context.slot) };
  const barred = (reason: WaitReason, ends_when?: string): Way => ({
    kind: 'barred',
    reason,
    funds,
    ...(ends_when === undefined ? {} : { ends_when }),
  });
  if (isTokenProgram(owner?.owner ?? null)) return barred('address');
  const mint = readMint(mintAccount);
  const target = choose(route, readTokenAccount(destination), associated, readTokenAccount(other));
  if (typeof target === 'string') return barred(target);
  const may = target.opens ? await mayOpen() : 'yes';
  if (may === 'taken') return 'taken';
  if (may === 'not_worth_it') return barred('address');
  if (may === 'in_flight') return barred('not_yet_sent', IN_FLIGHT);

  if (from?.frozen) return barred('treasury_frozen');
  const fault = await judgeMint(chain, step, route.mint, mint);
  if (fault) return barred('mint_paused', fault.ends_when);
  if (funds.balance < route.amount) return barred('insufficient_funds');
  const rentLamports = target.opens && mint ? await rentOf(chain, step, mint, other?.lamports ?? 0n) : 0n;
  if ((feePayer?.lamports ?? 0n) < MIN_FEE_LAMPORTS + rentLamports) return barred('sponsor_short');
  return { kind: 'open', destination: target.account, open: target.opens ? route.owner : null, rentLamports, funds };
}

type Target = { account: TokenAccount; opens: boolean } | 'address' | 'destination_frozen';

function choose(
  { destination, owner, mint }: Route,
  there: HeldTokens | null,
  associated: TokenAccount,
  other: HeldTokens | null,
): Target {
  // A closed account's address can hold an account of another mint by now: the one that paid is closed all the same.
  const judge = (account: TokenAccount, held: HeldTokens): Target => {
    if (held.owner !== owner) return 'address';
    return held.frozen ? 'destination_frozen' : { account, opens: false };
  };
  if (there !== null && (there.mint === mint || there.owner !== owner)) return judge(destination, there);
  return other === null ? { account: associated, opens: true } : judge(associated, other);
}

/** What an account of this mint must hold to be kept; what lies at its address already counts. */
async function rentOf(chain: Chain, step: Step, mint: MintAccount, held: bigint): Promise<bigint> {
  const bytes = BigInt(associatedAccountBytes(mint));
  const rent = await chain.ask(step, rpc => rpc.getMinimumBalanceForRentExemption(bytes));
  return rent > held ? rent - held : 0n;
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
  return readTokenAccount(account)?.frozen ? 'frozen' : 'fit';
}
