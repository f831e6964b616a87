import { decodeTransaction } from '#libs/chain/decode';
import { readExecuted, type TransactionAnswer } from '#libs/chain/executed';
import { settledTransfer } from '#libs/chain/transfers';
import type { Mint, TokenAccount } from '#libs/money/solana-types';

/** What a transaction did to one of our token accounts. */
export interface Movement {
  signature: string;
  slot: bigint;
  /** Null for a transaction in a form that no payment of ours has. */
  messageHash: Buffer | null;
  blockTime: Date | null;
  /** In atoms; a rise is positive. */
  change: bigint;
  /** Where it came from, or went; null where the transaction does not say beyond doubt. */
  other: { owner: string; tokenAccount: string } | null;
}

/** Reads it from a `getTransaction` answer in base64 or JSON; null where nothing changed. Throws for an answer without meta data. */
export function readMovement(
  signature: string,
  answer: TransactionAnswer,
  of: { account: TokenAccount; mint: Mint },
): Movement | null {
  if (answer.meta === null) throw new Error('the node answered without the transaction’s meta data');
  if (answer.meta.err !== null) return null;
  const { before, after } = readExecuted(answer.transaction, answer.meta);
  const held = (all: typeof before, account: string) =>
    all.find(one => one.account === account && one.mint === of.mint)?.amount ?? 0n;
  const change = held(after, of.account) - held(before, of.account);
  if (change === 0n) return null;
  const blockTime = answer.blockTime == null ? null : new Date(Number(answer.blockTime) * 1_000);
  const base = { signature, slot: BigInt(answer.slot), blockTime, messageHash: hashOf(answer), change };
  if (change > 0n) {
    const settled = settledTransfer(answer, of);
    return { ...base, other: settled.kind === 'settled' ? settled.payer : null };
  }
  // Out of an account goes what one other account of the mint gains; anything less plain is nobody's word.
  const rose = after.filter(one => one.mint === of.mint && one.amount > held(before, one.account));
  const [sole] = rose;
  const plain = rose.length === 1 && sole && sole.owner !== null && sole.amount - held(before, sole.account) === -change;
  return { ...base, other: plain ? { owner: sole.owner ?? '', tokenAccount: sole.account } : null };
}

function hashOf({ transaction }: TransactionAnswer): Buffer | null {
  if ('message' in transaction) return null;
  const decoding = decodeTransaction(transaction[0]);
  return decoding.kind === 'decoded' ? decoding.transaction.messageHash : null;
}
