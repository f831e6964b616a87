import { address, none, type Option, some } from '@solana/kit';
import { type ExtensionArgs, extension, getMintEncoder } from '@solana-program/token-2022';
import type { RawAccount } from './account.ts';
import { type MintKind, TOKEN } from './identity.ts';

const DECIMALS = 6;

/** A stablecoin's mint as the chain starts with it: nothing minted yet, one authority for everything. */
export function mintAccount(mint: MintKind, options: { mintAuthority: string; bareUsdg: boolean }): RawAccount {
  const authority = address(options.mintAuthority);
  const extensions: Option<ExtensionArgs[]> =
    mint.program === TOKEN || options.bareUsdg ? none() : some(usdgExtensions(mint, options.mintAuthority));
  const data = getMintEncoder().encode({
    mintAuthority: some(authority),
    supply: 0n,
    decimals: DECIMALS,
    isInitialized: true,
    freezeAuthority: some(authority),
    extensions,
  });
  return {
    lamports: BigInt((data.length + 128) * 6_960),
    data: new Uint8Array(data),
    owner: mint.program,
    executable: false,
    rentEpoch: 0n,
  };
}

/**
 * What public sources name for Global Dollar: its issuer may move and close, fees and a transfer hook are prepared but
 * not in use, and the mint carries its own metadata.
 */
function usdgExtensions(mint: MintKind, mintAuthority: string): ExtensionArgs[] {
  const authority = address(mintAuthority);
  const self = address(mint.address);
  const noFee = { epoch: 0n, maximumFee: 0n, transferFeeBasisPoints: 0 };
  return [
    extension('PermanentDelegate', { delegate: authority }),
    extension('TransferFeeConfig', {
      transferFeeConfigAuthority: authority,
      withdrawWithheldAuthority: authority,
      withheldAmount: 0n,
      olderTransferFee: noFee,
      newerTransferFee: noFee,
    }),
    extension('MintCloseAuthority', { closeAuthority: authority }),
    extension('TransferHook', { authority, programId: address('11111111111111111111111111111111') }),
    extension('MetadataPointer', { authority: some(authority), metadataAddress: some(self) }),
    extension('TokenMetadata', {
      updateAuthority: some(authority),
      mint: self,
      name: 'Global Dollar',
      symbol: 'USDG',
      uri: '',
      additionalMetadata: new Map(),
    }),
  ];
}
