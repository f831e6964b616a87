import { fromBase58 } from '../chain/base58.ts';
import { COMMITMENTS, type Commitment } from '../chain/heads.ts';
import { invalidParams } from './error.ts';

export type Config = Record<string, unknown>;

const shown = (value: unknown): string => {
  if (value === null) return 'null';
  if (typeof value === 'number') return Number.isInteger(value) ? `integer \`${value}\`` : `floating point \`${value}\``;
  if (typeof value === 'boolean') return `boolean \`${value}\``;
  if (typeof value === 'string') return `string ${JSON.stringify(value)}`;
  return Array.isArray(value) ? 'sequence' : 'map';
};
const wrongType = (value: unknown, expected: string) =>
  invalidParams(`Invalid params: invalid type: ${shown(value)}, expected ${expected}.`);

/** How many arguments there must be. */
export function atLeast(params: unknown[], count: number): void {
  if (params.length < count) throw invalidParams(`\`params\` should have at least ${count} argument(s)`);
}

export function text(value: unknown): string {
  if (typeof value !== 'string') throw wrongType(value, 'a string');
  return value;
}

export function whole(value: unknown): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0) throw wrongType(value, 'u64');
  return value;
}

export function list(value: unknown): unknown[] {
  if (!Array.isArray(value)) throw wrongType(value, 'a sequence');
  return value;
}

/** The options of a call; `struct` is what a validator calls them when they are something else. */
export function config(value: unknown, struct = 'RpcContextConfig'): Config {
  if (value === undefined || value === null) return {};
  if (typeof value !== 'object' || Array.isArray(value)) throw wrongType(value, `struct ${struct}`);
  return value as Config;
}

export function optional<T>(value: unknown, read: (value: unknown) => T): T | undefined {
  return value === undefined || value === null ? undefined : read(value);
}

export function flag(value: unknown): boolean {
  if (value === undefined || value === null) return false;
  if (typeof value !== 'boolean') throw wrongType(value, 'a boolean');
  return value;
}

/** An address, or what a validator says about a text that is none. */
export function address(value: unknown): string {
  return sized(text(value), 32);
}

export function signature(value: unknown): string {
  return sized(text(value), 64);
}

function sized(value: string, bytes: number): string {
  let decoded: Uint8Array;
  try {
    decoded = fromBase58(value);
  } catch {
    throw invalidParams('Invalid param: Invalid');
  }
  if (decoded.length !== bytes) throw invalidParams('Invalid param: WrongSize');
  return value;
}

/** A commitment; what is none counts as not given, as on a validator. */
export function commitment(value: unknown): Commitment | undefined {
  return COMMITMENTS.find(level => level === value);
}

/** One of several names, or what a validator says about any other. */
export function oneOf<T extends string>(value: unknown, names: readonly T[]): T {
  const given = text(value);
  const found = names.find(name => name === given);
  if (found) return found;
  const listed = names.map(name => `\`${name}\``).join(', ');
  throw invalidParams(`Invalid params: unknown variant \`${given}\`, expected one of ${listed}.`);
}
