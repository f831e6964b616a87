import { type Address, getAddressDecoder } from '@solana/kit';
import { type Atoms, atoms } from '#libs/money/atoms';
import type { Mint, Owner, TokenAccount, TokenProgram } from '#libs/money/solana-types';
import { isTokenProgram } from './programs.ts';

/** A movement between two token accounts, as its instruction states it. */
export interface TokenTransfer {
  tokenProgram: TokenProgram;
  source: TokenAccount;
  destination: TokenAccount;
  /** The owner, a delegate, or a multisig account. */
  authority: Address;
  /** Accounts after the authority: the members of a multisig that sign, or what a transfer hook needs. */
  extra: readonly Address[];
  amount: Atoms;
  /** Withheld by the mint on the way (`TransferCheckedWithFee`); null where the instruction does not state it. */
  fee: Atoms | null;
  /** Null for the old `Transfer`, which names neither. */
  checked: { mint: Mint; decimals: number } | null;
}

export type TokenInstruction =
  | { kind: 'transfer'; transfer: TokenTransfer }
  | { kind: 'initialize'; account: TokenAccount; mint: Mint; owner: Owner }
  | { kind: 'close'; account: TokenAccount }
  | { kind: 'set_owner'; account: TokenAccount }
  | { kind: 'batch'; instructions: readonly TokenInstruction[] }
  /** Known, and changes neither the balance nor the owner of a token account. */
  | { kind: 'harmless' }
  /** May change the balance of every account it names. */
  | { kind: 'other'; accounts: readonly (Address | null)[] }
  | { kind: 'foreign' };

interface Instruction {
  program: Address | null;
  accounts: readonly (Address | null)[];
  data: Uint8Array;
}

const TRANSFER = 3;
const SET_AUTHORITY = 6;
const ACCOUNT_OWNER = 2;
const CLOSE = 9;
const TRANSFER_CHECKED = 12;
const TRANSFER_FEE_EXTENSION = 26;
const TRANSFER_CHECKED_WITH_FEE = 1;
const BATCH = 255;
/** Mint and multisig set-up, approvals, freezing, size queries, immutable owner, amount texts. */
const HARMLESS = new Set([0, 2, 4, 5, 10, 11, 13, 19, 20, 21, 22, 23, 24]);

/**
 * Reads one instruction of either token program, with the batch (255) of the newer Token program opened: one header of
 * two bytes (number of accounts, length of data) per part. Layouts: spl-token and p-token's `interface`.
 * An instruction of a token program that cannot be read is `other`, never silently skipped.
 */
export function readTokenInstruction(instruction: Instruction): TokenInstruction {
  return isTokenProgram(instruction.program)
    ? read(instruction.program, instruction.accounts, instruction.data, true)
    : { kind: 'foreign' };
}

function read(
  program: TokenProgram,
  accounts: readonly (Address | null)[],
  data: Uint8Array,
  outermost: boolean,
): TokenInstruction {
  const other: TokenInstruction = { kind: 'other', accounts };
  const named = accounts.filter(account => account !== null);
  if (named.length !== accounts.length) return other;
  const [first, second, third, fourth] = named;
  const bytes = Buffer.from(data);
  const transfer = (
    checked: TokenTransfer['checked'],
    places: { to: Address; by: Address; rest: number },
    fee: Atoms | null,
  ) => ({
    kind: 'transfer' as const,
    transfer: {
      tokenProgram: program,
      source: first as TokenAccount,
      destination: places.to as TokenAccount,
      authority: places.by,
      extra: named.slice(places.rest),
      amount: atoms(bytes.readBigUInt64LE(checked === null || fee === null ? 1 : 2)),
      fee,
      checked,
    },
  });
  switch (bytes[0]) {
    case TRANSFER:
      return bytes.length >= 9 && second && third ? transfer(null, { to: second, by: third, rest: 3 }, null) : other;
    case TRANSFER_CHECKED:
      return bytes.length >= 10 && second && third && fourth
        ? transfer({ mint: second as Mint, decimals: bytes.readUInt8(9) }, { to: third, by: fourth, rest: 4 }, null)
        : other;
    case TRANSFER_FEE_EXTENSION:
      return bytes[1] === TRANSFER_CHECKED_WITH_FEE && bytes.length >= 19 && second && third && fourth
        ? transfer(
            { mint: second as Mint, decimals: bytes.readUInt8(10) },
            { to: third, by: fourth, rest: 4 },
            atoms(bytes.readBigUInt64LE(11)),
          )
        : other;
    case 1:
      return first && second && third ? initialize(first, second, third) : other;
    case 16:
    case 18:
      return first && second && bytes.length >= 33 ? initialize(first, second, getAddressDecoder().decode(bytes, 1)) : other;
    case SET_AUTHORITY:
      if (bytes[1] !== ACCOUNT_OWNER) return { kind: 'harmless' };
      return first ? { kind: 'set_owner', account: first as TokenAccount } : other;
    case CLOSE:
      return first ? { kind: 'close', account: first as TokenAccount } : other;
    case BATCH:
      return outermost ? openBatch(program, named, bytes) : other;
    default:
      return HARMLESS.has(bytes[0] ?? -1) ? { kind: 'harmless' } : other;
  }
}

function openBatch(program: TokenProgram, accounts: readonly Address[], bytes: Buffer): TokenInstruction {
  const instructions: TokenInstruction[] = [];
  let at = 1;
  let next = 0;
  while (at < bytes.length) {
    const count = bytes[at] ?? 0;
    const length = bytes[at + 1];
    const end = at + 2 + (length ?? 0);
    if (length === undefined || end > bytes.length || next + count > accounts.length) return { kind: 'other', accounts };
    instructions.push(read(program, accounts.slice(next, next + count), bytes.subarray(at + 2, end), false));
    next += count;
    at = end;
  }
  return { kind: 'batch', instructions };
}

const initialize = (account: Address, mint: Address, owner: Address): TokenInstruction => ({
  kind: 'initialize',
  account: account as TokenAccount,
  mint: mint as Mint,
  owner: owner as Owner,
});
