import {
  type Address,
  address,
  appendTransactionMessageInstructions,
  assertIsTransactionWithinSizeLimit,
  type Blockhash,
  compileTransaction,
  createNoopSigner,
  createTransactionMessage,
  type Instruction,
  pipe,
  setTransactionMessageFeePayer,
  setTransactionMessageLifetimeUsingBlockhash,
} from '@solana/kit';
import { getSetComputeUnitLimitInstruction, getSetComputeUnitPriceInstruction } from '@solana-program/compute-budget';
import { getCreateAssociatedTokenIdempotentInstruction, getTransferCheckedInstruction } from '@solana-program/token';
import type { Atoms } from '#libs/money/atoms';
import type { Mint, Owner, TokenAccount, TokenProgram } from '#libs/money/solana-types';

export const MEMO_PROGRAM = address('MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr');

/** One leg of a transaction: a transfer with its memo directly before it. */
export interface TransferLeg {
  memo: string;
  destination: TokenAccount;
  amount: Atoms;
  /** Whose associated account the destination is, where it is opened first, in the same transaction; null where it is there. */
  open: Owner | null;
}

export interface TransferPlan {
  feePayer: Owner;
  authority: Owner;
  source: TokenAccount;
  mint: Mint;
  tokenProgram: TokenProgram;
  decimals: number;
  legs: readonly TransferLeg[];
}

export interface Budget {
  unitLimit: number;
  /** In millionths of a lamport. */
  unitPrice: bigint;
}

export interface Lifetime {
  blockhash: Blockhash;
  lastValidBlockHeight: bigint;
}

/** By this memo anyone finds a refund on the chain, and the books can be rebuilt from it. */
export const refundMemo = (refundId: string, leg: number): string => `ebb:refund:${refundId}:${leg}`;

/** The unsigned transaction of a plan. Pure: the same arguments give the same message bytes. */
export function buildTransfer(plan: TransferPlan, budget: Budget, lifetime: Lifetime) {
  const instructions: Instruction[] = [
    getSetComputeUnitLimitInstruction({ units: budget.unitLimit }),
    getSetComputeUnitPriceInstruction({ microLamports: budget.unitPrice }),
    ...plan.legs.flatMap(leg => [
      ...(leg.open === null ? [] : [openInstruction(plan, leg.destination, leg.open)]),
      memoInstruction(leg.memo),
      getTransferCheckedInstruction(
        {
          source: plan.source,
          mint: plan.mint,
          destination: leg.destination,
          authority: createNoopSigner(plan.authority),
          amount: leg.amount,
          decimals: plan.decimals,
        },
        { programAddress: plan.tokenProgram },
      ),
    ]),
  ];
  return compileUnsigned(plan.feePayer, lifetime, instructions);
}

/** The unsigned transaction (v0) of some instructions. Throws where it does not fit the size limit. */
export function compileUnsigned(feePayer: Address, lifetime: Lifetime, instructions: readonly Instruction[]) {
  const transaction = compileTransaction(
    pipe(
      createTransactionMessage({ version: 0 }),
      message => setTransactionMessageFeePayer(feePayer, message),
      message => setTransactionMessageLifetimeUsingBlockhash(lifetime, message),
      message => appendTransactionMessageInstructions(instructions, message),
    ),
  );
  assertIsTransactionWithinSizeLimit(transaction);
  return transaction;
}

/** Does nothing where somebody opened it for the same owner meanwhile, and fails where for another. */
const openInstruction = ({ feePayer, mint, tokenProgram }: TransferPlan, ata: TokenAccount, owner: Owner): Instruction =>
  getCreateAssociatedTokenIdempotentInstruction({ payer: createNoopSigner(feePayer), ata, owner, mint, tokenProgram });

const memoInstruction = (text: string): Instruction => ({ programAddress: MEMO_PROGRAM, data: new TextEncoder().encode(text) });
