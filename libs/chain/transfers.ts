import { type Atoms, atoms } from '#libs/money/atoms';
import { asOwner, type Mint, type Owner, type TokenAccount } from '#libs/money/solana-types';
import {
  type ExecutedInstruction,
  type ExecutedTransaction,
  type HeldBalance,
  readExecuted,
  type TransactionAnswer,
} from './executed.ts';
import { WALLET_PROGRAMS } from './programs.ts';
import { readTokenInstruction, type TokenInstruction, type TokenTransfer } from './token-layout.ts';

/** Where money came from: a refund goes back to this token account while this owner owns it. */
export interface Payer {
  owner: Owner;
  tokenAccount: TokenAccount;
  /** Who says so: the recorded balances, or the instruction that opened the account within the same transaction. */
  how: 'balances' | 'initialize';
}

interface Landed {
  slot: bigint;
  blockTime: Date | null;
  /** The whole network fee, paid by the fee payer. */
  feeLamports: bigint;
}

export type SettledTransfer =
  | (Landed & { kind: 'settled'; captured: Atoms; payer: Payer })
  /** The money is there; who paid it the transaction does not say beyond doubt. */
  | (Landed & { kind: 'not_derivable'; captured: Atoms; reason: string })
  /** The account gained nothing: the transaction failed (`error` is the chain's), or did not pay it. */
  | (Landed & { kind: 'nothing'; error: unknown });

/**
 * What a landed transaction brought to one of our token accounts, and from whom. *Captured* is what the balance rose
 * by. The payer is the owner of the source of the sole transfer that equals that rise, as it was when the transfer ran:
 * never the signer (who may be a delegate) and never the fee payer. DESIGN.md section 7, "Where a refund goes".
 */
export function settledTransfer(answer: TransactionAnswer, to: { account: TokenAccount; mint: Mint }): SettledTransfer {
  const landed: Landed = {
    slot: BigInt(answer.slot),
    blockTime: answer.blockTime == null ? null : new Date(Number(answer.blockTime) * 1_000),
    feeLamports: BigInt(answer.meta?.fee ?? 0),
  };
  if (answer.meta === null) throw new Error('the node answered without the transaction’s meta data');
  if (answer.meta.err !== null) return { kind: 'nothing', ...landed, error: answer.meta.err };
  const executed = readExecuted(answer.transaction, answer.meta);
  const rise = balanceAt(executed.after, to) - balanceAt(executed.before, to);
  if (rise <= 0n) return { kind: 'nothing', ...landed, error: null };
  const captured = atoms(rise);
  const payer = findPayer(executed, to.account, captured);
  return typeof payer === 'string'
    ? { kind: 'not_derivable', captured, reason: payer, ...landed }
    : { kind: 'settled', captured, payer, ...landed };
}

function balanceAt(held: readonly HeldBalance[], { account, mint }: { account: string; mint: string }): bigint {
  return held.find(one => one.account === account && one.mint === mint)?.amount ?? 0n;
}

/** Runs the owners of token accounts through the transaction; a text is the reason why the payer cannot be told. */
function findPayer(
  { before, instructions, after, signers }: ExecutedTransaction,
  account: TokenAccount,
  captured: Atoms,
): Payer | string {
  if (instructions === null) return 'the node recorded no inner instructions';
  const owners = new Map<string, { owner: string | null; how: Payer['how'] }>();
  for (const held of before) owners.set(held.account, { owner: held.owner, how: 'balances' });
  let found: { transfer: TokenTransfer; owner: string | null; how: Payer['how'] } | null = null;

  for (const { token, instruction } of tokenInstructions(instructions)) {
    if (token.kind === 'initialize') owners.set(token.account, { owner: token.owner, how: 'initialize' });
    if (token.kind === 'close') owners.delete(token.account);
    if (token.kind === 'set_owner') owners.set(token.account, { owner: null, how: 'balances' });
    if (token.kind === 'other' && token.accounts.some(one => one === account || one === null)) {
      return 'something other than a transfer may have changed the balance';
    }
    if (token.kind !== 'transfer') continue;
    const { transfer } = token;
    if (transfer.source === account) return 'tokens also left the account';
    if (transfer.destination !== account || transfer.amount === 0n) continue;
    if (found !== null) return 'more than one transfer reached the account';
    if (!isAuthorised(transfer, instruction, signers)) return 'a program moved it from an account of its own';
    const { owner, how } = owners.get(transfer.source) ?? { owner: null, how: 'balances' };
    found = { transfer, owner, how };
  }

  if (found === null) return 'no transfer to the account was found';
  const { transfer, owner, how } = found;
  if (transfer.amount - (transfer.fee ?? 0n) !== captured) return 'the transfer is not what the balance rose by';
  if (owner === null) return 'the owner of the source is not recorded';
  const afterwards = after.find(one => one.account === transfer.source)?.owner ?? owner;
  if (afterwards !== owner || owners.get(transfer.source)?.owner === null) return 'the source changed its owner';
  return { owner: asOwner(owner), tokenAccount: transfer.source, how };
}

/** Token instructions in the order they ran, batches opened. */
function* tokenInstructions(
  instructions: readonly ExecutedInstruction[],
): Generator<{ token: Exclude<TokenInstruction, { kind: 'batch' }>; instruction: ExecutedInstruction }> {
  for (const instruction of instructions) {
    const read = readTokenInstruction(instruction);
    const parts = read.kind === 'batch' ? read.instructions : [read];
    for (const token of parts) if (token.kind !== 'batch') yield { token, instruction };
  }
}

/**
 * Whether the mover speaks for the source's owner: the token program has seen to that where the transfer stands at the
 * top level, the authority (owner or delegate) signed the transaction, or a smart wallet moved its own vault.
 */
function isAuthorised({ authority }: TokenTransfer, { caller }: ExecutedInstruction, signers: ReadonlySet<string>): boolean {
  return caller === null || signers.has(authority) || (caller !== 'unknown' && WALLET_PROGRAMS.has(caller));
}
