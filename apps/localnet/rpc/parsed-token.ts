import { addressText } from '../chain/base58.ts';
import { uiAmount } from './amount.ts';

export type ParsedInstruction = { info: Record<string, unknown>; type: string };

const u64 = (data: Uint8Array, at: number): bigint =>
  new DataView(data.buffer, data.byteOffset, data.byteLength).getBigUint64(at, true);
const key = (data: Uint8Array, at: number): string => addressText(data.subarray(at, at + 32));
const optionKey = (data: Uint8Array, at: number): string | null => (data[at] === 1 ? key(data, at + 1) : null);

const AUTHORITY_TYPES = [
  'mintTokens',
  'freezeAccount',
  'accountOwner',
  'closeAccount',
  'transferFeeConfig',
  'withheldWithdraw',
  'closeMint',
  'interestRate',
  'permanentDelegate',
  'confidentialTransferMint',
  'transferHookProgramId',
  'confidentialTransferFeeConfig',
  'metadataPointer',
  'groupPointer',
  'groupMemberPointer',
  'scaledUiAmount',
  'pause',
  'permissionedBurn',
];
const EXTENSIONS = [
  'uninitialized',
  'transferFeeConfig',
  'transferFeeAmount',
  'mintCloseAuthority',
  'confidentialTransferMint',
  'confidentialTransferAccount',
  'defaultAccountState',
  'immutableOwner',
  'memoTransfer',
  'nonTransferable',
  'interestBearingConfig',
  'cpiGuard',
  'permanentDelegate',
  'nonTransferableAccount',
  'transferHook',
  'transferHookAccount',
  'confidentialTransferFeeConfig',
  'confidentialTransferFeeAmount',
  'metadataPointer',
  'tokenMetadata',
  'groupPointer',
  'tokenGroup',
  'groupMemberPointer',
  'tokenGroupMember',
  'confidentialMintBurn',
  'scaledUiAmountConfig',
  'pausableConfig',
  'pausableAccount',
  'permissionedBurn',
];

/** Instructions whose fields are accounts by place, then one signer (or a multisig and its signers). Amount at byte 1. */
type Shape = { type: string; accounts: string[]; signer?: string; amount?: 'plain' | 'checked' };
const SHAPES: Record<number, Shape> = {
  3: { type: 'transfer', accounts: ['source', 'destination'], signer: 'authority', amount: 'plain' },
  4: { type: 'approve', accounts: ['source', 'delegate'], signer: 'owner', amount: 'plain' },
  5: { type: 'revoke', accounts: ['source'], signer: 'owner' },
  7: { type: 'mintTo', accounts: ['mint', 'account'], signer: 'mintAuthority', amount: 'plain' },
  8: { type: 'burn', accounts: ['account', 'mint'], signer: 'authority', amount: 'plain' },
  9: { type: 'closeAccount', accounts: ['account', 'destination'], signer: 'owner' },
  10: { type: 'freezeAccount', accounts: ['account', 'mint'], signer: 'freezeAuthority' },
  11: { type: 'thawAccount', accounts: ['account', 'mint'], signer: 'freezeAuthority' },
  12: { type: 'transferChecked', accounts: ['source', 'mint', 'destination'], signer: 'authority', amount: 'checked' },
  13: { type: 'approveChecked', accounts: ['source', 'mint', 'delegate'], signer: 'owner', amount: 'checked' },
  14: { type: 'mintToChecked', accounts: ['mint', 'account'], signer: 'mintAuthority', amount: 'checked' },
  15: { type: 'burnChecked', accounts: ['account', 'mint'], signer: 'authority', amount: 'checked' },
  1: { type: 'initializeAccount', accounts: ['account', 'mint', 'owner', 'rentSysvar'] },
  17: { type: 'syncNative', accounts: ['account'] },
  22: { type: 'initializeImmutableOwner', accounts: ['account'] },
  32: { type: 'initializeNonTransferableMint', accounts: ['mint'] },
};

/** An instruction of the Token or Token-2022 program as `jsonParsed` tells it; null when it is not known. */
export function parseToken(data: Uint8Array, accounts: string[]): ParsedInstruction | null {
  const tag = data[0] ?? -1;
  const shape = SHAPES[tag];
  if (shape) return byShape(shape, data, accounts);
  const at = (i: number) => accounts[i] ?? '';
  switch (tag) {
    case 0:
    case 20: {
      const rent = tag === 0 ? { rentSysvar: at(1) } : {};
      const freeze = optionKey(data, 34);
      return {
        type: tag === 0 ? 'initializeMint' : 'initializeMint2',
        info: {
          mint: at(0),
          decimals: data[1],
          mintAuthority: key(data, 2),
          ...rent,
          ...(freeze ? { freezeAuthority: freeze } : {}),
        },
      };
    }
    case 6: {
      const authorityType = AUTHORITY_TYPES[data[1] ?? 0];
      const owned = data[1] === 2 || data[1] === 3 ? 'account' : 'mint';
      return {
        type: 'setAuthority',
        info: { [owned]: at(0), authorityType, newAuthority: optionKey(data, 2), ...signers(accounts, 1, 'authority') },
      };
    }
    case 16:
      return { type: 'initializeAccount2', info: { account: at(0), mint: at(1), owner: key(data, 1), rentSysvar: at(2) } };
    case 18:
      return { type: 'initializeAccount3', info: { account: at(0), mint: at(1), owner: key(data, 1) } };
    case 21: {
      const types = Array.from(
        { length: (data.length - 1) >> 1 },
        (_, i) => EXTENSIONS[(data[1 + 2 * i] ?? 0) | ((data[2 + 2 * i] ?? 0) << 8)],
      );
      return { type: 'getAccountDataSize', info: { mint: at(0), ...(types.length > 0 ? { extensionTypes: types } : {}) } };
    }
    case 23:
      return { type: 'amountToUiAmount', info: { mint: at(0), amount: String(u64(data, 1)) } };
    case 25:
      return { type: 'initializeMintCloseAuthority', info: { mint: at(0), newAuthority: optionKey(data, 1) } };
    case 26:
      return data[1] === 1 ? transferWithFee(data, accounts) : null;
    case 35:
      return { type: 'initializePermanentDelegate', info: { mint: at(0), delegate: key(data, 1) } };
    default:
      return null;
  }
}

function byShape(shape: Shape, data: Uint8Array, accounts: string[]): ParsedInstruction | null {
  const { type, signer, amount } = shape;
  if (accounts.length < shape.accounts.length + (signer ? 1 : 0)) return null;
  if (amount && data.length < (amount === 'checked' ? 10 : 9)) return null;
  const info: Record<string, unknown> = Object.fromEntries(shape.accounts.map((name, i) => [name, accounts[i]]));
  if (amount === 'plain') info.amount = String(u64(data, 1));
  if (amount === 'checked') info.tokenAmount = uiAmount(u64(data, 1), data[9] ?? 0);
  if (signer) Object.assign(info, signers(accounts, shape.accounts.length, signer));
  return { info, type };
}

function transferWithFee(data: Uint8Array, accounts: string[]): ParsedInstruction {
  const decimals = data[10] ?? 0;
  return {
    type: 'transferCheckedWithFee',
    info: {
      source: accounts[0],
      mint: accounts[1],
      destination: accounts[2],
      tokenAmount: uiAmount(u64(data, 2), decimals),
      feeAmount: uiAmount(u64(data, 11), decimals),
      ...signers(accounts, 3, 'authority'),
    },
  };
}

/** One signer stands under its own name; more mean a multisig, which is the first, and its signers. */
function signers(accounts: string[], from: number, name: string): Record<string, unknown> {
  if (accounts.length <= from + 1) return { [name]: accounts[from] };
  return { [`multisig${name.charAt(0).toUpperCase()}${name.slice(1)}`]: accounts[from], signers: accounts.slice(from + 1) };
}
