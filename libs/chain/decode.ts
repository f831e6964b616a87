import { createHash } from 'node:crypto';
import {
  type Address,
  type CompiledTransactionMessage,
  type CompiledTransactionMessageWithLifetime,
  getCompiledTransactionMessageDecoder,
  getCompiledTransactionMessageEncoder,
  getTransactionDecoder,
} from '@solana/kit';
import { type ComputeBudget, readComputeBudget } from './compute-budget.ts';
import { MEMO_PROGRAM, SYSTEM_PROGRAM } from './programs.ts';
import { readTokenInstruction, type TokenTransfer } from './token-layout.ts';

/** The largest transaction that the network carries, in bytes. */
const MAX_WIRE_BYTES = 1_232;
const ADVANCE_NONCE_ACCOUNT = 4;

export interface DecodedInstruction {
  /** Null where the account is in a lookup table that was not resolved. */
  program: Address | null;
  accounts: readonly (Address | null)[];
  data: Uint8Array;
}

export interface DecodedTransaction {
  version: 'legacy' | 0;
  wire: Buffer;
  messageBytes: Uint8Array;
  /** SHA-256 of the message bytes as received: the identity of a payment, since one message can bear several signatures. */
  messageHash: Buffer;
  /** In the order of the message; null where nobody has signed yet. */
  signatures: readonly { address: Address; signature: Uint8Array | null }[];
  feePayer: Address;
  signers: readonly Address[];
  /** The recent blockhash, or the nonce's value. */
  lifetime: string;
  /** A transaction on a durable nonce never expires. */
  isDurableNonce: boolean;
  /** Every account: static ones, then what `loaded` gave for the lookup tables (null where it gave nothing). */
  accounts: readonly (Address | null)[];
  lookupTables: readonly Address[];
  instructions: readonly DecodedInstruction[];
  /** The text of each memo instruction; bytes that are not UTF-8 become U+FFFD. */
  memos: readonly string[];
  compute: ComputeBudget;
  /** Top-level `TransferChecked` instructions, with their place in the transaction. */
  transfers: readonly (TokenTransfer & { index: number })[];
}

/** Addresses that a transaction loads from lookup tables, as `meta.loadedAddresses` of an executed one names them. */
export interface LoadedAddresses {
  writable: readonly string[];
  readonly: readonly string[];
}

export type Decoding = { kind: 'decoded'; transaction: DecodedTransaction } | { kind: 'undecodable'; reason: string };

/**
 * Reads a wire transaction (legacy or v0). Everything that does not re-encode to the very bytes received is refused:
 * otherwise one payment could be given several message hashes. Never throws on what a stranger sent.
 */
export function decodeTransaction(wire: string | Uint8Array, loaded?: LoadedAddresses): Decoding {
  try {
    const bytes = typeof wire === 'string' ? fromBase64(wire) : Buffer.from(wire);
    if (bytes.length === 0 || bytes.length > MAX_WIRE_BYTES) return undecodable(`${bytes.length} bytes`);
    const { messageBytes, signatures } = getTransactionDecoder().decode(bytes);
    const message = getCompiledTransactionMessageDecoder().decode(messageBytes);
    if (message.version !== 0 && message.version !== 'legacy') return undecodable(`version ${message.version}`);
    const again = getCompiledTransactionMessageEncoder().encode(message);
    if (Buffer.compare(Buffer.from(again), Buffer.from(messageBytes)) !== 0) return undecodable('not in canonical form');
    const count = message.header.numSignerAccounts;
    if (bytes[0] !== count || bytes.length !== 1 + 64 * count + messageBytes.length) return undecodable('signatures missing');
    if (new Set(message.staticAccounts).size !== message.staticAccounts.length) return undecodable('an account twice');
    return { kind: 'decoded', transaction: assemble(bytes, Uint8Array.from(messageBytes), message, signatures, loaded) };
  } catch (error) {
    return undecodable(error instanceof Error ? error.message : String(error));
  }
}

/** For bytes that we stored or built ourselves: anything undecodable is a defect. */
export function mustDecode(wire: string | Uint8Array, loaded?: LoadedAddresses): DecodedTransaction {
  const decoding = decodeTransaction(wire, loaded);
  if (decoding.kind === 'undecodable') throw new Error(`stored transaction does not decode: ${decoding.reason}`);
  return decoding.transaction;
}

type Message = Extract<CompiledTransactionMessage & CompiledTransactionMessageWithLifetime, { version: 0 | 'legacy' }>;

function assemble(
  wire: Buffer,
  messageBytes: Uint8Array,
  message: Message,
  signed: Readonly<Record<string, Uint8Array | null>>,
  loaded: LoadedAddresses | undefined,
): DecodedTransaction {
  const lookups = message.version === 0 ? (message.addressTableLookups ?? []) : [];
  const accounts = [...message.staticAccounts, ...loadedAccounts(lookups, loaded)];
  const signers = message.staticAccounts.slice(0, message.header.numSignerAccounts);
  const [feePayer] = signers;
  if (feePayer === undefined) throw new Error('nobody pays the fee');
  const instructions = message.instructions.map(({ programAddressIndex, accountIndices, data }) => ({
    program: at(accounts, programAddressIndex),
    accounts: (accountIndices ?? []).map(index => at(accounts, index)),
    data: Uint8Array.from(data ?? []),
  }));
  return {
    version: message.version,
    wire,
    messageBytes,
    messageHash: createHash('sha256').update(messageBytes).digest(),
    signatures: signers.map(address => ({ address, signature: signed[address] ?? null })),
    feePayer,
    signers,
    lifetime: message.lifetimeToken,
    isDurableNonce: instructions.some(isAdvanceNonce),
    accounts,
    lookupTables: lookups.map(lookup => lookup.lookupTableAddress),
    instructions,
    memos: instructions.filter(one => one.program === MEMO_PROGRAM).map(one => Buffer.from(one.data).toString('utf8')),
    compute: readComputeBudget(instructions),
    transfers: instructions.flatMap((instruction, index) => {
      const read = readTokenInstruction(instruction);
      return read.kind === 'transfer' && read.transfer.checked !== null ? [{ ...read.transfer, index }] : [];
    }),
  };
}

/** The runtime puts all writable loaded accounts before all read-only ones, table by table. */
function loadedAccounts(
  lookups: readonly { writableIndexes: readonly number[]; readonlyIndexes: readonly number[] }[],
  loaded: LoadedAddresses | undefined,
): (Address | null)[] {
  const count = (pick: (lookup: (typeof lookups)[number]) => readonly number[]) =>
    lookups.reduce((sum, lookup) => sum + pick(lookup).length, 0);
  const fill = (size: number, known: readonly string[] | undefined) =>
    Array.from({ length: size }, (_, index) => (known?.[index] as Address | undefined) ?? null);
  return [
    ...fill(
      count(one => one.writableIndexes),
      loaded?.writable,
    ),
    ...fill(
      count(one => one.readonlyIndexes),
      loaded?.readonly,
    ),
  ];
}

function at(accounts: readonly (Address | null)[], index: number): Address | null {
  const account = accounts[index];
  if (account === undefined) throw new Error(`no account ${index}`);
  return account;
}

/** The runtime looks at the first instruction only; anywhere else it has no place in what a stranger sends either. */
function isAdvanceNonce({ program, data }: DecodedInstruction): boolean {
  return program === SYSTEM_PROGRAM && data.length >= 4 && Buffer.from(data).readUInt32LE(0) === ADVANCE_NONCE_ACCOUNT;
}

function fromBase64(text: string): Buffer {
  const bytes = Buffer.from(text, 'base64');
  if (bytes.toString('base64') !== text) throw new Error('not base64');
  return bytes;
}

const undecodable = (reason: string): Decoding => ({ kind: 'undecodable', reason });
