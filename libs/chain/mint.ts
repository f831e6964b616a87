import type { TokenProgram } from '#libs/money/solana-types';
import { isTokenProgram, TOKEN_PROGRAM } from './programs.ts';

/** The extensions of Token-2022 by their numbers in an account's data (spl-token-2022 `ExtensionType`). */
export const EXTENSION = {
  transferFeeConfig: 1,
  mintCloseAuthority: 3,
  confidentialTransferMint: 4,
  defaultAccountState: 6,
  permanentDelegate: 12,
  transferHook: 14,
  confidentialTransferFeeConfig: 16,
  metadataPointer: 18,
  tokenMetadata: 19,
  pausable: 26,
} as const;

export interface MintAccount {
  program: TokenProgram;
  /** In the order of the account; a mint of the classic program has none. */
  extensions: readonly { type: number; data: Buffer }[];
}

interface RawAccount {
  owner: string;
  data: readonly [string, ...unknown[]];
}

const MINT_BYTES = 82;
const TOKEN_ACCOUNT_BYTES = 165;
/** Token-2022 says behind the room of a token account what the account is, and then lists its extensions. */
const KIND_MINT = 1;
const HEADER_BYTES = 4;

/** A mint of either token program with its extensions (type, length, content each); null where the account is none. */
export function readMint(account: RawAccount | null | undefined): MintAccount | null {
  if (!account || !isTokenProgram(account.owner)) return null;
  const bytes = Buffer.from(account.data[0], 'base64');
  if (bytes.length === MINT_BYTES) return { program: account.owner, extensions: [] };
  if (bytes[TOKEN_ACCOUNT_BYTES] !== KIND_MINT) return null;
  const extensions: MintAccount['extensions'][number][] = [];
  for (let at = TOKEN_ACCOUNT_BYTES + 1; at + HEADER_BYTES <= bytes.length; ) {
    const type = bytes.readUInt16LE(at);
    const end = at + HEADER_BYTES + bytes.readUInt16LE(at + 2);
    // Type 0 is room that nothing uses yet.
    if (type === 0) break;
    if (end > bytes.length) return null;
    extensions.push({ type, data: bytes.subarray(at + HEADER_BYTES, end) });
    at = end;
  }
  return { program: account.owner, extensions };
}

/** What an extension of the mint adds to each of its token accounts, in bytes of content. */
const ADDED_TO_ACCOUNTS = new Map<number, number>([
  [EXTENSION.transferFeeConfig, 8],
  [EXTENSION.transferHook, 1],
  [EXTENSION.pausable, 0],
]);

/** How large the associated account of such a mint is when it is opened; with Token-2022 its owner is made immutable. */
export function associatedAccountBytes(mint: MintAccount): number {
  if (mint.program === TOKEN_PROGRAM) return TOKEN_ACCOUNT_BYTES;
  const added = mint.extensions.flatMap(({ type }) => ADDED_TO_ACCOUNTS.get(type) ?? []);
  return [0, ...added].reduce((sum, bytes) => sum + HEADER_BYTES + bytes, TOKEN_ACCOUNT_BYTES + 1);
}
