import { addressText, base58 } from './base58.ts';

/** One instruction as it stands in a message: indexes into the account list. */
export type WireInstruction = { programIdIndex: number; accounts: number[]; data: Uint8Array };
export type WireLookup = { table: string; writable: number[]; readonly: number[] };

/** A transaction taken apart, nothing resolved or checked yet. */
export type WireTransaction = {
  version: 'legacy' | 0;
  signatures: Uint8Array[];
  message: Uint8Array;
  bytes: Uint8Array;
} & WireMessage;

export type WireMessage = {
  header: { numRequiredSignatures: number; numReadonlySignedAccounts: number; numReadonlyUnsignedAccounts: number };
  staticKeys: string[];
  blockhash: string;
  instructions: WireInstruction[];
  lookups: WireLookup[];
  blockhashOffset: number;
};

/** The bytes are no transaction; the text is what a validator's deserializer says. */
export class WireError extends Error {}

class Reader {
  readonly bytes: Uint8Array;
  at = 0;
  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }
  take(count: number): Uint8Array {
    if (this.at + count > this.bytes.length) throw new WireError('io error: failed to fill whole buffer');
    this.at += count;
    return this.bytes.subarray(this.at - count, this.at);
  }
  byte(): number {
    return this.take(1)[0] ?? 0;
  }
  /** Compact-u16, as in Solana's short_vec. */
  count(): number {
    let value = 0;
    for (let i = 0; i < 3; i++) {
      const byte = this.byte();
      value |= (byte & 0x7f) << (7 * i);
      if ((byte & 0x80) === 0) return value;
    }
    throw new WireError('invalid value: continue signal on byte-three, expected a terminal signal on or before byte-three');
  }
  list<T>(read: () => T): T[] {
    return Array.from({ length: this.count() }, read);
  }
}

/** Reads a signed transaction, legacy or version 0. Throws WireError. */
export function decodeTransaction(bytes: Uint8Array): WireTransaction {
  const reader = new Reader(bytes);
  const signatures = reader.list(() => reader.take(64));
  const start = reader.at;
  const { version, ...body } = decodeMessage(bytes.subarray(start));
  const message = bytes.subarray(start, start + body.length);
  return {
    version,
    signatures,
    message,
    bytes: bytes.subarray(0, start + body.length),
    ...body,
    blockhashOffset: start + body.blockhashOffset,
  };
}

/** Reads a message without its signatures, as getFeeForMessage takes it. Throws WireError. */
export function decodeMessage(bytes: Uint8Array): WireMessage & { version: 'legacy' | 0; length: number } {
  const reader = new Reader(bytes);
  const first = reader.byte();
  const versioned = (first & 0x80) !== 0;
  if (versioned && (first & 0x7f) !== 0)
    throw new WireError(`invalid value: integer \`${first & 0x7f}\`, expected a valid transaction message version`);
  const header = {
    numRequiredSignatures: versioned ? reader.byte() : first,
    numReadonlySignedAccounts: reader.byte(),
    numReadonlyUnsignedAccounts: reader.byte(),
  };
  const staticKeys = reader.list(() => addressText(reader.take(32)));
  const blockhashOffset = reader.at;
  const blockhash = base58(reader.take(32));
  const instructions = reader.list(() => ({
    programIdIndex: reader.byte(),
    accounts: [...reader.take(reader.count())],
    data: reader.take(reader.count()),
  }));
  const lookups = versioned
    ? reader.list(() => ({
        table: addressText(reader.take(32)),
        writable: [...reader.take(reader.count())],
        readonly: [...reader.take(reader.count())],
      }))
    : [];
  return {
    version: versioned ? 0 : 'legacy',
    header,
    staticKeys,
    blockhash,
    instructions,
    lookups,
    blockhashOffset,
    length: reader.at,
  };
}

/** Why a validator refuses the message before looking at any account, or null. */
export function sanitizeProblem(tx: WireTransaction): string | null {
  const { header, staticKeys, instructions, lookups } = tx;
  const loaded = lookups.reduce((sum, l) => sum + l.writable.length + l.readonly.length, 0);
  const offsetsWrong =
    tx.signatures.length !== header.numRequiredSignatures ||
    header.numRequiredSignatures === 0 ||
    header.numReadonlySignedAccounts >= header.numRequiredSignatures ||
    header.numRequiredSignatures + header.numReadonlyUnsignedAccounts > staticKeys.length ||
    new Set(staticKeys).size !== staticKeys.length ||
    instructions.some(
      ix =>
        ix.programIdIndex === 0 ||
        ix.programIdIndex >= staticKeys.length ||
        ix.accounts.some(i => i >= staticKeys.length + loaded),
    );
  return offsetsWrong ? 'Transaction failed to sanitize accounts offsets correctly' : null;
}

/** Whether the static account at the index is writable by the message's header. */
export function isStaticWritable(tx: WireMessage, index: number): boolean {
  const { numRequiredSignatures, numReadonlySignedAccounts, numReadonlyUnsignedAccounts } = tx.header;
  if (index < numRequiredSignatures) return index < numRequiredSignatures - numReadonlySignedAccounts;
  return index < tx.staticKeys.length - numReadonlyUnsignedAccounts;
}
