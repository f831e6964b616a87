import type { RawAccount } from './account.ts';
import { addressText } from './base58.ts';
import type { TransactionError } from './errors.ts';
import { isStaticWritable, type WireTransaction } from './wire.ts';

/** A transaction whose accounts are all known: static keys, then those loaded writable, then those loaded readonly. */
export type Resolved = {
  tx: WireTransaction;
  keys: string[];
  writable: boolean[];
  loaded: { writable: string[]; readonly: string[] };
};

const TABLE_PROGRAM = 'AddressLookupTab1e1111111111111111111111111';
const TABLE_HEADER = 56;
const RESERVED =
  /^(Sysvar|11111111111111111111111111111111$|ComputeBudget1|AddressLookupTab1e|BPFLoader|NativeLoader|Ed25519SigVerify|KeccakSecp256k|Stake1|Vote1|Config1)/;

/** Loads the addresses that a version 0 message takes from lookup tables. */
export function resolve(
  tx: WireTransaction,
  slot: number,
  account: (address: string) => RawAccount | null,
): Resolved | { error: TransactionError } {
  const loaded = { writable: [] as string[], readonly: [] as string[] };
  for (const lookup of tx.lookups) {
    const table = account(lookup.table);
    if (table === null) return { error: 'AddressLookupTableNotFound' };
    if (table.owner !== TABLE_PROGRAM) return { error: 'InvalidAddressLookupTableOwner' };
    const active = activeEntries(table.data, slot);
    const entry = (i: number) =>
      i < active ? addressText(table.data.subarray(TABLE_HEADER + 32 * i, TABLE_HEADER + 32 * (i + 1))) : null;
    for (const [kind, indexes] of [
      ['writable', lookup.writable],
      ['readonly', lookup.readonly],
    ] as const)
      for (const address of indexes.map(entry)) {
        if (address === null) return { error: 'InvalidAddressLookupTableIndex' };
        loaded[kind].push(address);
      }
  }
  const keys = [...tx.staticKeys, ...loaded.writable, ...loaded.readonly];
  const invoked = new Set(tx.instructions.map(ix => ix.programIdIndex));
  const writable = keys.map((key, i) => {
    const asked = i < tx.staticKeys.length ? isStaticWritable(tx, i) : i < tx.staticKeys.length + loaded.writable.length;
    return asked && !invoked.has(i) && !RESERVED.test(key);
  });
  return { tx, keys, writable, loaded };
}

/** How many entries may be used: what was added in a slot counts from the next one on. */
function activeEntries(table: Uint8Array, slot: number): number {
  const lastExtended = new DataView(table.buffer, table.byteOffset).getBigUint64(12, true);
  const all = Math.floor((table.length - TABLE_HEADER) / 32);
  return BigInt(slot) > lastExtended ? all : Math.min(all, table[20] ?? 0);
}
