import { addressText } from '../chain/base58.ts';

type Extension = { extension: string; state?: Record<string, unknown> };

/** Extensions start after the account type, which stands at 165 whether the account is a mint or holds tokens. */
const FIRST_AT = 166;

class Bytes {
  readonly view: DataView;
  readonly data: Uint8Array;
  constructor(data: Uint8Array) {
    this.data = data;
    this.view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  }
  /** A key where 32 zero bytes mean none. */
  key(at: number): string | null {
    const bytes = this.data.subarray(at, at + 32);
    return bytes.every(b => b === 0) ? null : addressText(bytes);
  }
  u64(at: number): bigint {
    return this.view.getBigUint64(at, true);
  }
  fee(at: number) {
    return { epoch: this.u64(at), maximumFee: this.u64(at + 8), transferFeeBasisPoints: this.view.getUint16(at + 16, true) };
  }
}

const STATES: Record<number, (b: Bytes) => Extension> = {
  1: b => ({
    extension: 'transferFeeConfig',
    state: {
      transferFeeConfigAuthority: b.key(0),
      withdrawWithheldAuthority: b.key(32),
      withheldAmount: b.u64(64),
      olderTransferFee: b.fee(72),
      newerTransferFee: b.fee(90),
    },
  }),
  2: b => ({ extension: 'transferFeeAmount', state: { withheldAmount: b.u64(0) } }),
  3: b => ({ extension: 'mintCloseAuthority', state: { closeAuthority: b.key(0) } }),
  6: b => ({
    extension: 'defaultAccountState',
    state: { accountState: ['uninitialized', 'initialized', 'frozen'][b.data[0] ?? 0] },
  }),
  7: () => ({ extension: 'immutableOwner' }),
  8: b => ({ extension: 'memoTransfer', state: { requireIncomingTransferMemos: b.data[0] === 1 } }),
  9: () => ({ extension: 'nonTransferable' }),
  11: b => ({ extension: 'cpiGuard', state: { lockCpi: b.data[0] === 1 } }),
  12: b => ({ extension: 'permanentDelegate', state: { delegate: b.key(0) } }),
  13: () => ({ extension: 'nonTransferableAccount' }),
  14: b => ({ extension: 'transferHook', state: { authority: b.key(0), programId: b.key(32) } }),
  15: b => ({ extension: 'transferHookAccount', state: { transferring: b.data[0] === 1 } }),
  18: b => ({ extension: 'metadataPointer', state: { authority: b.key(0), metadataAddress: b.key(32) } }),
  19: metadata,
  26: b => ({ extension: 'pausableConfig', state: { authority: b.key(0), paused: b.data[32] === 1 } }),
  27: () => ({ extension: 'pausableAccount' }),
};

function metadata(b: Bytes): Extension {
  let at = 64;
  const text = (): string => {
    const length = b.view.getUint32(at, true);
    at += 4 + length;
    return new TextDecoder().decode(b.data.subarray(at - length, at));
  };
  const [name, symbol, uri] = [text(), text(), text()];
  const count = b.view.getUint32(at, true);
  at += 4;
  const additionalMetadata = Array.from({ length: count }, () => [text(), text()]);
  return {
    extension: 'tokenMetadata',
    state: { updateAuthority: b.key(0), mint: b.key(32), name, symbol, uri, additionalMetadata },
  };
}

/** The extensions of a Token-2022 account as `jsonParsed` tells them, in the order in which they stand. */
export function parsedExtensions(data: Uint8Array): Extension[] {
  const found: Extension[] = [];
  const { view } = new Bytes(data);
  for (let at = FIRST_AT; at + 4 <= data.length; ) {
    const [type, length] = [view.getUint16(at, true), view.getUint16(at + 2, true)];
    if (type === 0) break;
    const read = STATES[type];
    found.push(read ? read(new Bytes(data.subarray(at + 4, at + 4 + length))) : { extension: 'unparseableExtension' });
    at += 4 + length;
  }
  return found;
}
