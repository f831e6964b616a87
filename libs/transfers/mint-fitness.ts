import { EXTENSION, type MintAccount } from '#libs/chain/mint';
import { ASSETS, type Currency } from '#libs/money/assets';
import type { Mint } from '#libs/money/solana-types';

/**
 * Extensions of Token-2022 that a transfer of ours may meet, per asset: what its issuer has been seen to use or to have
 * prepared, and what leaves a transfer as it is while it stands as `STANDS` says. Whatever else a mint shows is unknown: it
 * may change what arrives, so nothing is signed until somebody has read what it does and added it here.
 */
const TOLERATED: Partial<Record<Currency, readonly number[]>> = {
  USDG: [
    // The issuer can move, burn or close: that takes money from holders, and changes no transfer.
    EXTENSION.permanentDelegate,
    EXTENSION.mintCloseAuthority,
    // Prepared and not in use: judged each time.
    EXTENSION.transferFeeConfig,
    EXTENSION.transferHook,
    EXTENSION.defaultAccountState,
    EXTENSION.pausable,
    // They concern confidential transfers only; ours are plain ones.
    EXTENSION.confidentialTransferMint,
    EXTENSION.confidentialTransferFeeConfig,
    // Names and pictures.
    EXTENSION.metadataPointer,
    EXTENSION.tokenMetadata,
  ],
};

/** Why a mint's tokens cannot be paid out to the atom now; in words, what ends that. */
export interface MintFault {
  kind: 'gone' | 'transfer_fee' | 'transfer_hook' | 'frozen_by_default' | 'unknown_extension' | 'paused';
  ends_when: string;
  /** A fee that is given up: from this epoch on there is none. */
  over_at_epoch?: bigint;
}

type Judge = (data: Buffer) => MintFault | null;

const INITIALIZED = 1;
const AUTHORITY_BYTES = 32;
/** Two authorities and the amount withheld stand before the two fees: the one until an epoch, and the one from it on. */
const OLDER_FEE_AT = 72;
const NEWER_FEE_AT = 90;

/** What must hold of an extension that could change a transfer, by its content. */
const STANDS = new Map<number, Judge>([
  [EXTENSION.transferFeeConfig, judgeFee],
  [
    EXTENSION.transferHook,
    data =>
      isZero(data.subarray(AUTHORITY_BYTES, 2 * AUTHORITY_BYTES))
        ? null
        : {
            kind: 'transfer_hook',
            ends_when: 'the issuer takes the transfer hook off the mint: its program would run in every transfer',
          },
  ],
  [
    EXTENSION.defaultAccountState,
    data =>
      data[0] === INITIALIZED
        ? null
        : { kind: 'frozen_by_default', ends_when: 'the mint no longer freezes every account that is opened' },
  ],
  [
    EXTENSION.pausable,
    data => (data[AUTHORITY_BYTES] === 0 ? null : { kind: 'paused', ends_when: 'the issuer resumes the mint' }),
  ],
]);

/** What a mint has against a transfer, read from its account just now; null where nothing. The worst is not sought, the first is. */
export function mintFault(address: Mint, mint: MintAccount | null): MintFault | null {
  const asset = ASSETS.find(one => one.mint === address);
  if (mint === null || mint.program !== asset?.tokenProgram) return { kind: 'gone', ends_when: 'the mint is there again' };
  const tolerated = TOLERATED[asset.currency] ?? [];
  for (const { type, data } of mint.extensions) {
    if (!tolerated.includes(type)) {
      return { kind: 'unknown_extension', ends_when: `somebody has seen what extension ${type} of the mint does to a transfer` };
    }
    const fault = STANDS.get(type)?.(data);
    if (fault) return fault;
  }
  return null;
}

/** A fee takes from what is sent, so that the payer would get less than the books say; one that is announced counts as one. */
function judgeFee(data: Buffer): MintFault | null {
  const [older, newer] = [readFee(data, OLDER_FEE_AT), readFee(data, NEWER_FEE_AT)];
  const told = (basisPoints: number) => `the mint takes no transfer fee (it says ${basisPoints} basis points)`;
  if (newer.takes) return { kind: 'transfer_fee', ends_when: told(newer.basisPoints) };
  if (older.takes) return { kind: 'transfer_fee', ends_when: told(older.basisPoints), over_at_epoch: newer.epoch };
  return null;
}

function readFee(data: Buffer, at: number): { epoch: bigint; basisPoints: number; takes: boolean } {
  const [most, basisPoints] = [data.readBigUInt64LE(at + 8), data.readUInt16LE(at + 16)];
  return { epoch: data.readBigUInt64LE(at), basisPoints, takes: most > 0n && basisPoints > 0 };
}

const isZero = (bytes: Buffer): boolean => bytes.every(byte => byte === 0);
