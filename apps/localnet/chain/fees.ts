import { COMPUTE_BUDGET } from './identity.ts';
import type { WireMessage } from './wire.ts';

const LAMPORTS_PER_SIGNATURE = 5_000;
const MAX_UNITS = 1_400_000;
const UNITS_PER_INSTRUCTION = 200_000;
const UNITS_PER_BUILTIN = 3_000;
const PRECOMPILES = new Set([
  'Ed25519SigVerify111111111111111111111111111',
  'KeccakSecp256k11111111111111111111111111111',
  'Secp256r1SigVerify1111111111111111111111111',
]);
const BUILTINS = new Set([
  COMPUTE_BUDGET,
  '11111111111111111111111111111111',
  'Vote111111111111111111111111111111111111111',
  'BPFLoader2111111111111111111111111111111111',
  'BPFLoaderUpgradeab1e11111111111111111111111',
]);

/** What a message asks of the compute budget: unit limit, and price in millionths of a lamport per unit. */
export function computeBudget(message: WireMessage): { units: number; price: bigint } {
  let units: number | null = null;
  let price = 0n;
  let byDefault = 0;
  for (const ix of message.instructions) {
    const program = message.staticKeys[ix.programIdIndex] ?? '';
    if (PRECOMPILES.has(program)) continue;
    byDefault += BUILTINS.has(program) ? UNITS_PER_BUILTIN : UNITS_PER_INSTRUCTION;
    if (program !== COMPUTE_BUDGET) continue;
    const data = new DataView(ix.data.buffer, ix.data.byteOffset, ix.data.byteLength);
    if (ix.data[0] === 2 && ix.data.length === 5) units = data.getUint32(1, true);
    if (ix.data[0] === 3 && ix.data.length === 9) price = data.getBigUint64(1, true);
  }
  return { units: Math.min(units ?? byDefault, MAX_UNITS), price };
}

/** The fee of a message in lamports: a base per signature, and what it bids for its compute units. */
export function feeOf(message: WireMessage): number {
  const precompiled = message.instructions
    .filter(ix => PRECOMPILES.has(message.staticKeys[ix.programIdIndex] ?? ''))
    .reduce((sum, ix) => sum + (ix.data[0] ?? 0), 0);
  const { units, price } = computeBudget(message);
  const bid = (BigInt(units) * price + 999_999n) / 1_000_000n;
  return LAMPORTS_PER_SIGNATURE * (message.header.numRequiredSignatures + precompiled) + Number(bid);
}

/** What the scheduler counts a transaction as, in compute units: signatures, write locks, data, accounts loaded, and execution. */
export function costOf(message: WireMessage, writeLocks: number, units: number, loadedDataSize: number): number {
  const bytes = message.instructions.reduce((sum, ix) => sum + ix.data.length, 0);
  return (
    720 * message.header.numRequiredSignatures +
    300 * writeLocks +
    Math.floor(bytes / 4) +
    8 * Math.ceil(loadedDataSize / 32_768) +
    units
  );
}
