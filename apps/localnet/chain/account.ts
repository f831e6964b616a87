import internal from 'litesvm/dist/internal.js';
import { addressBytes, addressText } from './base58.ts';

/** An account as the chain holds it. `rentEpoch` is u64::MAX for accounts that pay no rent. */
export type RawAccount = { lamports: bigint; data: Uint8Array; owner: string; executable: boolean; rentEpoch: bigint };

export const RENT_EXEMPT_EPOCH = 18446744073709551615n;

export type Vm = internal.LiteSvm;

/** Reads an account out of the VM; one without lamports does not exist. */
export function readAccount(vm: Vm, address: string): RawAccount | null {
  const account = vm.getAccount(addressBytes(address));
  if (account === null || account.lamports() === 0n) return null;
  return {
    lamports: account.lamports(),
    data: account.data(),
    owner: addressText(account.owner()),
    executable: account.executable(),
    rentEpoch: account.rentEpoch(),
  };
}

const NOTHING: RawAccount = {
  lamports: 0n,
  data: new Uint8Array(),
  owner: '11111111111111111111111111111111',
  executable: false,
  rentEpoch: 0n,
};

/** Writes an account into the VM; null removes it. */
export function writeAccount(vm: Vm, address: string, account: RawAccount | null): void {
  const a = account ?? NOTHING;
  vm.setAccount(
    addressBytes(address),
    new internal.Account(a.lamports, a.data, addressBytes(a.owner), a.executable, a.rentEpoch),
  );
}

export const sameAccount = (a: RawAccount | null, b: RawAccount | null): boolean =>
  a === b ||
  (a !== null &&
    b !== null &&
    a.lamports === b.lamports &&
    a.owner === b.owner &&
    a.executable === b.executable &&
    Buffer.compare(a.data, b.data) === 0);
