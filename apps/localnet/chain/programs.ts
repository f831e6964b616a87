import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { type Vm, writeAccount } from './account.ts';
import { addressBytes } from './base58.ts';
import { MEMO, SYSTEM, TOKEN, TOKEN_2022 } from './identity.ts';

const LOADER_2 = 'BPFLoader2111111111111111111111111111111111';
const NATIVE_LOADER = 'NativeLoader1111111111111111111111111111111';
const LOADER_UPGRADEABLE = 'BPFLoaderUpgradeab1e11111111111111111111111';

/**
 * Puts the programs of a real validator in place of LiteSVM's own: LiteSVM 1.4 brings p-token and a memo program that
 * costs the same at any length, and both would hide what payments really cost. See programs/README.md.
 */
export function installPrograms(vm: Vm): void {
  vm.addProgramWithLoader(addressBytes(TOKEN), binary('token'), addressBytes(LOADER_2));
  vm.addProgramWithLoader(addressBytes(MEMO), binary('memo'), addressBytes(LOADER_2));
  // The system program's name is shorter on a validator, and its length counts as loaded data.
  writeAccount(vm, SYSTEM, {
    lamports: 1n,
    data: new TextEncoder().encode('system_program'),
    owner: NATIVE_LOADER,
    executable: true,
    rentEpoch: 0n,
  });
  vm.addProgramWithLoader(addressBytes(TOKEN_2022), binary('token-2022'), addressBytes(LOADER_UPGRADEABLE));
}

function binary(name: string): Uint8Array {
  return new Uint8Array(gunzipSync(readFileSync(join(folder(), `${name}.so.gz`))));
}

/** The folder stands beside the sources; when running from dist it is found from the package's root. */
function folder(): string {
  for (let at = import.meta.dirname; dirname(at) !== at; at = dirname(at)) {
    const candidate = join(at, 'apps/localnet/programs');
    if (existsSync(join(candidate, 'token.so.gz'))) return candidate;
  }
  throw new Error('apps/localnet/programs is missing');
}
