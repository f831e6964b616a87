import { addressText } from '../chain/base58.ts';
import type { ParsedInstruction } from './parsed-token.ts';

/** An instruction of the system program as `jsonParsed` tells it; null when it is not known. Lamports are bigint. */
export function parseSystem(data: Uint8Array, accounts: string[]): ParsedInstruction | null {
  if (data.length < 4) return null;
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const key = (at: number) => addressText(data.subarray(at, at + 32));
  const [first, second, third] = accounts;
  try {
    switch (view.getUint32(0, true)) {
      case 0:
        return {
          type: 'createAccount',
          info: {
            source: first,
            newAccount: second,
            lamports: view.getBigUint64(4, true),
            space: view.getBigUint64(12, true),
            owner: key(20),
          },
        };
      case 1:
        return { type: 'assign', info: { account: first, owner: key(4) } };
      case 2:
        return { type: 'transfer', info: { source: first, destination: second, lamports: view.getBigUint64(4, true) } };
      case 4:
        return { type: 'advanceNonce', info: { nonceAccount: first, recentBlockhashesSysvar: second, nonceAuthority: third } };
      case 6:
        return {
          type: 'initializeNonce',
          info: { nonceAccount: first, recentBlockhashesSysvar: second, rentSysvar: third, nonceAuthority: key(4) },
        };
      case 8:
        return { type: 'allocate', info: { account: first, space: view.getBigUint64(4, true) } };
      default:
        return null;
    }
  } catch {
    return null;
  }
}

const ATA_NAMES = ['source', 'account', 'wallet', 'mint', 'systemProgram', 'tokenProgram'];
const NESTED_NAMES = ['nestedSource', 'nestedMint', 'destination', 'nestedOwner', 'ownerMint', 'wallet', 'tokenProgram'];

/** An instruction of the associated token program. */
export function parseAta(data: Uint8Array, accounts: string[]): ParsedInstruction | null {
  const tag = data.length === 0 ? 0 : data[0];
  const [type, names] =
    tag === 0 ? ['create', ATA_NAMES] : tag === 1 ? ['createIdempotent', ATA_NAMES] : ['recoverNested', NESTED_NAMES];
  if (tag === undefined || tag > 2 || accounts.length < names.length) return null;
  return { type: String(type), info: Object.fromEntries((names as string[]).map((name, i) => [name, accounts[i]])) };
}
