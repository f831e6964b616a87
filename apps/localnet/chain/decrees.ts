import { address, some, unwrapOption } from '@solana/kit';
import { AccountState, type ExtensionArgs, extension, getMintDecoder, getMintEncoder } from '@solana-program/token-2022';
import { type RawAccount, RENT_EXEMPT_EPOCH, readAccount } from './account.ts';
import { addressBytes } from './base58.ts';
import type { Chain } from './chain.ts';
import { readHolding, readMint } from './holding.ts';
import { SYSTEM, TOKEN_2022 } from './identity.ts';

// Acts that no transaction could do here, because their keys belong to others: what an issuer, a thief or a bank run does.

const STATE_AT = 108;
const OWNER_AT = 32;
const SUPPLY_AT = 36;
const MAX_U64 = 2n ** 64n - 1n;

/** Freezes or thaws a token account, as its mint's freeze authority would. */
export function setFrozen(chain: Chain, account: string, frozen: boolean): void {
  edit(chain, holdingAccount(chain, account), account, data => data.set([frozen ? 2 : 1], STATE_AT));
}

/** Gives a token account to another owner. */
export function setOwner(chain: Chain, account: string, owner: string): void {
  edit(chain, holdingAccount(chain, account), account, data => data.set(addressBytes(owner), OWNER_AT));
}

/** Closes a token account; tokens still in it are burned, so that the mint's supply stays true. */
export function closeHolding(chain: Chain, account: string): void {
  const holding = readHolding(holdingAccount(chain, account));
  const mint = holding && readAccount(chain.vm, holding.mint);
  if (holding && mint && holding.amount > 0n) {
    const supply = (readMint(mint)?.supply ?? 0n) - holding.amount;
    edit(chain, mint, holding.mint, data => new DataView(data.buffer, data.byteOffset).setBigUint64(SUPPLY_AT, supply, true));
  }
  chain.decree(new Map([[account, null]]));
}

/** Sets how much SOL an address has, in lamports; 0 removes it. */
export function setLamports(chain: Chain, account: string, lamports: bigint): void {
  const before = readAccount(chain.vm, account);
  const wallet: RawAccount = { lamports, data: new Uint8Array(), owner: SYSTEM, executable: false, rentEpoch: RENT_EXEMPT_EPOCH };
  chain.decree(new Map([[account, lamports === 0n ? null : before ? { ...before, lamports } : wallet]]));
}

/** What an issuer may change of a mint; what is left out stays as it is. */
export interface MintChange {
  paused?: boolean | undefined;
  /** The program that runs in every transfer; null takes it off. */
  transfer_hook?: string | null | undefined;
  transfer_fee_basis_points?: number | undefined;
  frozen_by_default?: boolean | undefined;
}

/** Changes a Token-2022 mint, as its authorities would: at once, fees included. The classic Token program knows none of it. */
export function changeMint(chain: Chain, mint: string, change: MintChange): void {
  const account = readAccount(chain.vm, mint);
  if (!account || !readMint(account)) throw new Error(`not a mint: ${mint}`);
  if (account.owner !== TOKEN_2022) throw new Error('a mint of the classic Token program cannot be changed so');
  const decoded = getMintDecoder().decode(account.data);
  const authority = unwrapOption(decoded.mintAuthority) ?? address(SYSTEM);
  let extensions: ExtensionArgs[] = unwrapOption(decoded.extensions) ?? [];
  const put = (one: ExtensionArgs) => {
    extensions = [...extensions.filter(other => other.__kind !== one.__kind), one];
  };
  const { paused, transfer_hook, transfer_fee_basis_points: points, frozen_by_default } = change;
  if (paused !== undefined) put(extension('PausableConfig', { authority: some(authority), paused }));
  if (transfer_hook !== undefined) put(extension('TransferHook', { authority, programId: address(transfer_hook ?? SYSTEM) }));
  if (points !== undefined) {
    const fee = { epoch: 0n, maximumFee: points === 0 ? 0n : MAX_U64, transferFeeBasisPoints: points };
    const keys = { transferFeeConfigAuthority: authority, withdrawWithheldAuthority: authority, withheldAmount: 0n };
    put(extension('TransferFeeConfig', { ...keys, olderTransferFee: fee, newerTransferFee: fee }));
  }
  if (frozen_by_default !== undefined) {
    const state = frozen_by_default ? AccountState.Frozen : AccountState.Initialized;
    put(extension('DefaultAccountState', { state }));
  }
  const data = new Uint8Array(getMintEncoder().encode({ ...decoded, extensions: some(extensions) }));
  chain.decree(new Map([[mint, { ...account, data, lamports: BigInt((data.length + 128) * 6_960) }]]));
}

function holdingAccount(chain: Chain, account: string): RawAccount {
  const found = readAccount(chain.vm, account);
  if (!found || !readHolding(found)) throw new Error(`not a token account: ${account}`);
  return found;
}

function edit(chain: Chain, account: RawAccount, address: string, change: (data: Uint8Array) => void): void {
  const data = new Uint8Array(account.data);
  change(data);
  chain.decree(new Map([[address, { ...account, data }]]));
}
