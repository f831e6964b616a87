import type { Address } from '@solana/kit';
import { COMPUTE_BUDGET_PROGRAM } from './programs.ts';

const SET_LIMIT = 2;
const SET_PRICE = 3;
const LAMPORTS_PER_SIGNATURE = 5_000n;
const MICROLAMPORTS = 1_000_000n;

/** What a transaction asks for; null where it leaves the network's default. */
export interface ComputeBudget {
  unitLimit: number | null;
  /** Microlamports per compute unit. */
  unitPrice: bigint | null;
}

interface Instruction {
  program: Address | null;
  data: Uint8Array;
}

/** A limit that the instruction sets, or null if it is not exactly a `SetComputeUnitLimit`. */
export function unitLimitOf({ program, data }: Instruction): number | null {
  const fits = program === COMPUTE_BUDGET_PROGRAM && data.length === 5 && data[0] === SET_LIMIT;
  return fits ? Buffer.from(data).readUInt32LE(1) : null;
}

/** A price that the instruction sets, in microlamports, or null if it is not exactly a `SetComputeUnitPrice`. */
export function unitPriceOf({ program, data }: Instruction): bigint | null {
  const fits = program === COMPUTE_BUDGET_PROGRAM && data.length === 9 && data[0] === SET_PRICE;
  return fits ? Buffer.from(data).readBigUInt64LE(1) : null;
}

export function readComputeBudget(instructions: readonly Instruction[]): ComputeBudget {
  const first = <T>(read: (instruction: Instruction) => T | null) => instructions.map(read).find(value => value !== null) ?? null;
  return { unitLimit: first(unitLimitOf), unitPrice: first(unitPriceOf) };
}

/** What the priority of a transaction costs: units × price, rounded up to the lamport as the network does. */
export function priorityFeeLamports(unitLimit: number, unitPrice: bigint): bigint {
  return (BigInt(unitLimit) * unitPrice + MICROLAMPORTS - 1n) / MICROLAMPORTS;
}

/** What landing costs the fee payer, whether the transaction succeeds or fails. */
export function networkFeeLamports(signatures: number, unitLimit: number, unitPrice: bigint): bigint {
  return BigInt(signatures) * LAMPORTS_PER_SIGNATURE + priorityFeeLamports(unitLimit, unitPrice);
}
