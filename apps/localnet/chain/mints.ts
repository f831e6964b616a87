import type { RawAccount } from './account.ts';
import { addressBytes } from './base58.ts';
import type { MintKind } from './identity.ts';

/** A stablecoin's mint as the chain starts with it: nothing minted yet, six decimals, one authority for minting and freezing. */
export function mintAccount(mint: MintKind, options: { mintAuthority: string; bareUsdg: boolean }): RawAccount {
  return { lamports: rent(82), data: baseMint(options.mintAuthority), owner: mint.program, executable: false, rentEpoch: 0n };
}

const rent = (bytes: number): bigint => BigInt((bytes + 128) * 6_960);

function baseMint(authority: string): Uint8Array {
  const data = new Uint8Array(82);
  const view = new DataView(data.buffer);
  view.setUint32(0, 1, true);
  data.set(addressBytes(authority), 4);
  data[44] = 6;
  data[45] = 1;
  view.setUint32(46, 1, true);
  data.set(addressBytes(authority), 50);
  return data;
}
