import type { RawAccount } from '../chain/account.ts';
import { base58 } from '../chain/base58.ts';
import { invalidParams, RpcError } from './error.ts';
import { type Config, config as map, optional, text, whole } from './params.ts';
import { parsedAccount } from './parsed-account.ts';

export type AccountEncoding = 'binary' | 'base58' | 'base64' | 'base64+zstd' | 'jsonParsed';

export function accountEncoding(options: Config): AccountEncoding {
  const encoding = optional(options.encoding, text) ?? 'binary';
  if (encoding === 'binary' || encoding === 'base58' || encoding === 'base64' || encoding === 'jsonParsed') return encoding;
  throw invalidParams(
    `Invalid params: unknown variant \`${encoding}\`, expected one of \`binary\`, \`base64\`, \`base58\`, \`jsonParsed\`, \`base64+zstd\`.`,
  );
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
  return [Buffer.from(data).toString('base64'), 'base64'];
}
