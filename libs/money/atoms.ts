/** An amount in the smallest unit of an asset: 1 USDC = 1_000_000n. Never negative, never a float. */
export type Atoms = bigint & { readonly __unit: 'atoms' };

const MAX_U64 = 2n ** 64n - 1n;

/** Takes a bigint for an amount; throws on what no token balance can be (a defect, not bad input). */
export function atoms(value: bigint): Atoms {
  if (value < 0n || value > MAX_U64) throw new RangeError(`not an amount of atoms: ${value}`);
  return value as Atoms;
}

/** Reads the wire's and the database's form: decimal digits, no sign, no leading zero. Returns null if it is not one. */
export function parseAtoms(text: string): Atoms | null {
  if (!/^(0|[1-9][0-9]{0,19})$/.test(text)) return null;
  const value = BigInt(text);
  return value > MAX_U64 ? null : (value as Atoms);
}

/** For text that we wrote ourselves (database, workflow input): anything else is a defect. */
export function mustAtoms(text: string): Atoms {
  const value = parseAtoms(text);
  if (value === null) throw new RangeError(`not an amount of atoms: ${text}`);
  return value;
}

export const fitsU64 = (value: bigint): boolean => value >= 0n && value <= MAX_U64;
