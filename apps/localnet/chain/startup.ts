import { randomBytes } from 'node:crypto';
import { type RawAccount, readAccount, writeAccount } from './account.ts';
import { addressBytes, base58 } from './base58.ts';
import type { Chain } from './chain.ts';
import { readMint } from './holding.ts';
import { MINT_AUTHORITY_SEED, type Network } from './identity.ts';
import { chainKey } from './keys.ts';
import { mintAccount } from './mints.ts';
import { MAX_PROCESSING_AGE, type Skipped } from './slots.ts';
import type { Store } from './store.ts';

/** Slots before the first block are missing, as most are on a real network, so that slot and height differ. */
const FIRST_SLOT = 1_000;
const FIRST_OPEN = FIRST_SLOT + 200;

/** What a chain is for as long as its state file lives. */
export type Identity = { seed: string; skipped: Skipped[]; open: number; mintAuthority: string };

/**
 * Reads the identity out of the store, or makes a new one. Refuses a state file of another network. A mint authority
 * that is named counts; without one, the state's, or for a new chain the public one of development.
 */
export function identify(store: Store, options: { network: Network; mintAuthority: string | null }): Identity {
  const remembered = (key: string, first: () => string): string => {
    const known = store.meta(key);
    if (known !== undefined) return known;
    const value = first();
    store.setMeta(key, value);
    return value;
  };
  const network = remembered('network', () => options.network);
  if (network !== options.network) throw new Error(`this state file is of ${network}, not of ${options.network}`);
  return {
    seed: remembered('seed', () => base58(randomBytes(32))),
    skipped: JSON.parse(remembered('skipped', () => JSON.stringify([{ from: 1, to: FIRST_SLOT }]))) as Skipped[],
    open: Number(remembered('open', () => String(FIRST_OPEN))),
    mintAuthority: options.mintAuthority ?? remembered('mint_authority', () => chainKey(MINT_AUTHORITY_SEED).address),
  };
}

/** Puts the stored accounts and the mints into the VM, and remembers which messages have landed lately. */
export function restore(chain: Chain): void {
  for (const [address, account] of chain.store.accounts()) writeAccount(chain.vm, address, account);
  const before = chain.store.meta('mint_authority') ?? chain.mintAuthority;
  const mints = chain.mints.flatMap((mint): [string, RawAccount][] => {
    const account = readAccount(chain.vm, mint.address);
    if (account === null) return [[mint.address, mintAccount(mint, { ...chain.options, mintAuthority: chain.mintAuthority })]];
    return readMint(account)?.mintAuthority === before && before !== chain.mintAuthority
      ? [[mint.address, handedOver(account, chain.mintAuthority)]]
      : [];
  });
  chain.decree(new Map(mints));
  chain.store.setMeta('mint_authority', chain.mintAuthority);
  chain.past.forget(Number.MAX_SAFE_INTEGER);
  const since = chain.slots.slotAt(Math.max(0, chain.slots.height(chain.heads.open) - 2 * MAX_PROCESSING_AGE));
  for (const [hash, slot] of chain.store.messagesSince(since)) chain.noteLanded(hash, slot);
}

/** The mint with another authority for minting and freezing. */
function handedOver(mint: RawAccount, authority: string): RawAccount {
  const data = new Uint8Array(mint.data);
  data.set(addressBytes(authority), 4);
  data.set(addressBytes(authority), 50);
  return { ...mint, data };
}
