import { zstdCompressSync } from 'node:zlib';
import type { RawAccount } from '../chain/account.ts';
import { base58 } from '../chain/base58.ts';
import { RpcError } from './error.ts';
import { type Config, config as map, oneOf, optional, whole } from './params.ts';
import { parsedAccount } from './parsed-account.ts';

const ENCODINGS = ['binary', 'base58', 'base64', 'jsonParsed', 'base64+zstd'] as const;
export type AccountEncoding = (typeof ENCODINGS)[number];

export function accountEncoding(options: Config): AccountEncoding {
  return optional(options.encoding, value => oneOf(value, ENCODINGS)) ?? 'binary';
}

/** How one account is told, in the encoding asked for. `mintOf` finds the mint that a token account needs for its decimals. */
export function accountJson(account: RawAccount, options: Config, mintOf: (address: string) => RawAccount | null) {
  return {
    data: accountData(account, options, mintOf),
    executable: account.executable,
    lamports: account.lamports,
    owner: account.owner,
    rentEpoch: account.rentEpoch,
    space: account.data.length,
  };
}

function accountData(account: RawAccount, options: Config, mintOf: (address: string) => RawAccount | null): unknown {
  const encoding = accountEncoding(options);
  if (encoding === 'jsonParsed') {
    const parsed = parsedAccount(account, mintOf);
    if (parsed) return { ...parsed, space: account.data.length };
  }
  const slice = optional(options.dataSlice, map);
  const from = slice ? whole(slice.offset) : 0;
  const data = slice ? account.data.subarray(from, from + whole(slice.length)) : account.data;
  if (encoding === 'base58' || encoding === 'binary') {
    if (data.length > 128)
      throw new RpcError(-32600, 'Encoded binary (base 58) data should be less than 128 bytes, please use Base64 encoding.');
    return encoding === 'binary' ? base58(data) : [base58(data), 'base58'];
  }
  if (encoding === 'base64+zstd') return [zstdCompressSync(data).toString('base64'), encoding];
  return [Buffer.from(data).toString('base64'), 'base64'];
}
