import type { RawAccount } from './account.ts';
import { addressText } from './base58.ts';
import { TOKEN, TOKEN_2022 } from './identity.ts';

/** The fields that a token account of either program has in common. `amount` in atoms. */
export type Holding = { mint: string; owner: string; amount: bigint; program: string };

const view = (data: Uint8Array) => new DataView(data.buffer, data.byteOffset, data.byteLength);

/** Where an account of Token-2022 with extensions says what it is: 1 a mint, 2 a token account. */
const TYPE_AT = 165;

/** Reads a token account; null when the account is none, or not initialized. */
export function readHolding(account: RawAccount | null): Holding | null {
  if (account === null || (account.owner !== TOKEN && account.owner !== TOKEN_2022)) return null;
  const { data } = account;
  const long = account.owner === TOKEN_2022 && data.length > TYPE_AT && data[TYPE_AT] === 2;
  if (!(data.length === 165 || long) || data[108] === 0) return null;
  return {
    mint: addressText(data.subarray(0, 32)),
    owner: addressText(data.subarray(32, 64)),
    amount: view(data).getBigUint64(64, true),
    program: account.owner,
  };
}

export type Mint = { decimals: number; supply: bigint; mintAuthority: string | null; freezeAuthority: string | null };

/** Reads a mint; null when the account is none, or not initialized. */
export function readMint(account: RawAccount | null): Mint | null {
  if (account === null || (account.owner !== TOKEN && account.owner !== TOKEN_2022)) return null;
  const { data } = account;
  const long = account.owner === TOKEN_2022 && data.length > TYPE_AT && data[TYPE_AT] === 1;
  if (!(data.length === 82 || long) || data[45] !== 1) return null;
  const key = (at: number) => (view(data).getUint32(at, true) === 1 ? addressText(data.subarray(at + 4, at + 36)) : null);
  return { decimals: data[44] ?? 0, supply: view(data).getBigUint64(36, true), mintAuthority: key(0), freezeAuthority: key(46) };
}
