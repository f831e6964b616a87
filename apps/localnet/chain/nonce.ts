import { createHash } from 'node:crypto';
import { type RawAccount, readAccount } from './account.ts';
import { addressText, base58, fromBase58 } from './base58.ts';
import type { Chain } from './chain.ts';
import type { Moment } from './heads.ts';
import { SYSTEM } from './identity.ts';
import type { Resolved } from './resolve.ts';
import { isStaticWritable } from './wire.ts';

const ADVANCE = 4;
const SIZE = 80;
const INITIALIZED = 1;
const AUTHORITY_AT = 8;
const HASH_AT = 40;

export type Nonce = { address: string; authority: string; hash: string };

/** Reads a durable nonce account; null when the account is none. */
export function readNonce(account: RawAccount | null): Nonce | null {
  if (account === null || account.owner !== SYSTEM || account.data.length !== SIZE) return null;
  const view = new DataView(account.data.buffer, account.data.byteOffset, SIZE);
  if (view.getUint32(4, true) !== INITIALIZED) return null;
  const at = (offset: number) => account.data.subarray(offset, offset + 32);
  return { address: '', authority: addressText(at(AUTHORITY_AT)), hash: base58(at(HASH_AT)) };
}

/** The nonce by which a transaction lives instead of a recent blockhash: its first instruction advances it, and its hash is the transaction's. */
export function nonceOf(chain: Chain, { tx, keys }: Resolved, at: Moment): Nonce | null {
  const first = tx.instructions[0];
  if (!first || keys[first.programIdIndex] !== SYSTEM || first.data.length < 4) return null;
  if (new DataView(first.data.buffer, first.data.byteOffset).getUint32(0, true) !== ADVANCE) return null;
  const index = first.accounts[0] ?? -1;
  const address = tx.staticKeys[index];
  if (address === undefined || !isStaticWritable(tx, index)) return null;
  const nonce = readNonce(chain.account(address, at));
  const signers = tx.staticKeys.slice(0, tx.header.numRequiredSignatures);
  return nonce && nonce.hash === tx.blockhash && signers.includes(nonce.authority) ? { ...nonce, address } : null;
}

/** Advances the nonce of a transaction that failed, which LiteSVM leaves as it was: otherwise it could be sent again. */
export function advanced(chain: Chain, nonce: Nonce): [string, RawAccount] | null {
  const account = readAccount(chain.vm, nonce.address);
  if (!account || readNonce(account)?.hash !== nonce.hash) return null;
  const data = new Uint8Array(account.data);
  data.set(createHash('sha256').update('DURABLE_NONCE').update(fromBase58(chain.vm.latestBlockhash())).digest(), HASH_AT);
  return [nonce.address, { ...account, data }];
}
