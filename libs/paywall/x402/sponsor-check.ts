import type { Address } from '@solana/kit';
import { networkFeeLamports, priorityFeeLamports, unitLimitOf, unitPriceOf } from '#libs/chain/compute-budget';
import type { DecodedInstruction, DecodedTransaction } from '#libs/chain/decode';
import { LIGHTHOUSE_PROGRAM, MEMO_PROGRAM } from '#libs/chain/programs';
import { readTokenInstruction, type TokenTransfer } from '#libs/chain/token-layout';
import type { Asset } from '#libs/money/assets';
import type { Atoms } from '#libs/money/atoms';
import type { TokenAccount } from '#libs/money/solana-types';
import { isSignedBy } from './signatures.ts';
import { REASONS, type Reason, type Refused, refused } from './vocabulary.ts';

/** What the transaction must do, and nothing else. */
export interface Sponsored {
  asset: Asset;
  amount: Atoms;
  payToAccount: TokenAccount;
  memo: string;
  feePayer: Address;
  /** Every address whose money is the sponsor's; `feePayer` is one of them. */
  sponsors: readonly Address[];
}

export type SponsorVerdict =
  /** `payer` authorised the transfer (owner or delegate); `lamports` is what landing costs the sponsor at most. */
  { kind: 'sponsorable'; payer: Address; lamports: bigint } | Refused;

const MAX_SIGNATURES = 2;
const MAX_PRIORITY_LAMPORTS = 10_000n;
/** Compute limit, compute price, transfer, memo; and what wallets add to protect their owners. */
const FIXED_INSTRUCTIONS = 3;
const MAX_INSTRUCTIONS = 7;
/** Lighthouse's first two instructions write and close accounts of its own; all others only assert. */
const FIRST_LIGHTHOUSE_ASSERTION = 2;

/**
 * Our own check of what the sponsor would sign, apart from any facilitator's: the sponsor pays a bounded fee for one
 * exact transfer to us, and signs for nothing else. Lighthouse assertions are let through as the x402 specification
 * does, since Phantom and Solflare add them on mainnet. Pure; the buyer's signature is verified too.
 */
export function checkSponsored(transaction: DecodedTransaction, expected: Sponsored): SponsorVerdict {
  const fault = checkSigners(transaction, expected) ?? checkInstructions(transaction, expected) ?? checkSignatures(transaction);
  if (fault !== null) return fault;
  const { unitLimit, unitPrice } = transaction.compute;
  const [transfer] = transaction.transfers;
  if (unitLimit === null || unitPrice === null || transfer === undefined) throw new Error('checked, and yet not there');
  const lamports = networkFeeLamports(transaction.signers.length, unitLimit, unitPrice);
  return { kind: 'sponsorable', payer: transfer.authority, lamports };
}

function checkSigners(transaction: DecodedTransaction, { feePayer, sponsors }: Sponsored): Refused | null {
  if (transaction.isDurableNonce) return refused('transaction', 'a transaction on a durable nonce never expires');
  if (transaction.lookupTables.length > 0) return refused('lookupTables', 'address lookup tables are not accepted');
  if (transaction.feePayer !== feePayer) return refused('feePayerMismatch', 'the fee payer is not the one that was offered');
  if (transaction.signers.length > MAX_SIGNATURES) return refused('excessiveSigners', 'at most two signatures are sponsored');
  const touched = transaction.instructions.flatMap(({ program, accounts }) => [program, ...accounts]);
  return touched.some(account => account === null || sponsors.includes(account))
    ? refused('feePayerInInstruction', 'no instruction may name an account of the sponsor')
    : null;
}

function checkInstructions({ instructions }: DecodedTransaction, expected: Sponsored): Refused | null {
  const [limit, price, transfer, ...optional] = instructions;
  if (!limit || !price || !transfer || instructions.length > MAX_INSTRUCTIONS) {
    return refused('instructionsLength', `${FIXED_INSTRUCTIONS} to ${MAX_INSTRUCTIONS} instructions are expected`);
  }
  return checkBudget(limit, price) ?? checkTransfer(transfer, expected) ?? checkOptional(optional, expected.memo);
}

function checkBudget(limit: DecodedInstruction, price: DecodedInstruction): Refused | null {
  const units = unitLimitOf(limit);
  const microlamports = unitPriceOf(price);
  if (units === null) return refused('computeLimit', 'the first instruction must set the compute unit limit');
  if (microlamports === null) return refused('computePrice', 'the second instruction must set the compute unit price');
  return priorityFeeLamports(units, microlamports) > MAX_PRIORITY_LAMPORTS
    ? refused('computePriceTooHigh', `compute units × price may cost ${MAX_PRIORITY_LAMPORTS} lamports at most`)
    : null;
}

function checkTransfer(instruction: DecodedInstruction, { asset, amount, payToAccount }: Sponsored): Refused | null {
  const read = readTokenInstruction(instruction);
  const isPlain = ({ checked, fee, extra }: TokenTransfer) => checked !== null && fee === null && extra.length === 0;
  if (read.kind !== 'transfer' || !isPlain(read.transfer) || instruction.data.length !== 10) {
    return refused('noTransfer', 'the third instruction must be a plain TransferChecked');
  }
  const { transfer } = read;
  if (transfer.checked?.mint !== asset.mint || transfer.checked.decimals !== asset.decimals)
    return refused('mintMismatch', 'another mint');
  if (transfer.tokenProgram !== asset.tokenProgram) return refused('mintMismatch', 'another token program');
  if (transfer.destination !== payToAccount) return refused('recipientMismatch', 'the transfer goes elsewhere');
  if (transfer.source === payToAccount) return refused('recipientMismatch', 'the transfer comes from the recipient');
  return transfer.amount === amount ? null : refused('amountMismatch', `the amount must be exactly ${amount}`);
}

function checkOptional(optional: readonly DecodedInstruction[], memo: string): Refused | null {
  const memos = optional.filter(one => one.program === MEMO_PROGRAM);
  const stranger = optional.findIndex(one => one.program !== MEMO_PROGRAM && !isAssertion(one));
  if (stranger !== -1) {
    const reason = PLACES[stranger] ?? REASONS.unknownOptional;
    return { kind: 'refused', reason, message: 'only a memo and Lighthouse assertions may follow the transfer' };
  }
  const [only] = memos;
  if (only === undefined || memos.length > 1) return refused('memoCount', 'exactly one memo is expected');
  return Buffer.from(only.data).equals(Buffer.from(memo)) ? null : refused('memoMismatch', 'the memo is not the offered one');
}

const isAssertion = ({ program, data }: DecodedInstruction): boolean =>
  program === LIGHTHOUSE_PROGRAM && (data[0] ?? 0) >= FIRST_LIGHTHOUSE_ASSERTION;

/** The vocabulary has a word for each place after the transfer. */
const PLACES = ['fourth', 'fifth', 'sixth', 'seventh'].map(
  place => `invalid_exact_svm_payload_unknown_${place}_instruction` as Reason,
);

/** Everyone but the sponsor has signed already, and for these very bytes. */
function checkSignatures({ signatures, messageBytes, transfers }: DecodedTransaction): Refused | null {
  const authority = transfers[0]?.authority;
  const [, ...others] = signatures;
  if (!others.some(one => one.address === authority)) return refused('signatureInvalid', 'the payer has not signed');
  return others.every(one => one.signature !== null && isSignedBy(one.address, messageBytes, one.signature))
    ? null
    : refused('signatureInvalid', 'a signature does not fit the transaction');
}
