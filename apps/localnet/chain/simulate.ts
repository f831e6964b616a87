import internal from 'litesvm/dist/internal.js';
import { type RawAccount, readAccount, sameAccount, writeAccount } from './account.ts';
import { addressText } from './base58.ts';
import type { Chain } from './chain.ts';
import { effectsOf, type Snapshot, snapshot } from './effects.ts';
import type { TransactionError } from './errors.ts';
import type { Moment } from './heads.ts';
import type { Effects } from './record.ts';
import type { Resolved } from './resolve.ts';
import { listSlotHashes } from './sysvars.ts';
import type { WireTransaction } from './wire.ts';

export type SimulateOptions = { at: Moment; sigVerify: boolean; anyBlockhash: boolean };

/** What would happen. Not `charged`: no block would take it, so no fee. `resolved` is missing when accounts could not even be found. */
export type Simulation = {
  effects: Effects;
  charged: boolean;
  resolved: Resolved | null;
  after(address: string): RawAccount | null;
};

/** Runs a transaction against the accounts as of a slot and leaves no trace. */
export function simulate(chain: Chain, tx: WireTransaction, options: SimulateOptions): Simulation {
  const { at } = options;
  const { slot } = at;
  const resolved = chain.resolve(tx, at);
  if ('error' in resolved)
    return { effects: nothing(resolved.error), charged: false, resolved: null, after: a => chain.account(a, at) };
  return atMoment(chain, resolved, at, () => {
    listSlotHashes(chain, resolved.keys);
    const pre = snapshot(chain.vm, resolved);
    const refused = (err: TransactionError): Simulation => ({
      effects: {
        ...nothing(err),
        preBalances: pre.lamports.map(String),
        postBalances: pre.lamports.map(String),
        loaded: resolved.loaded,
      },
      charged: false,
      resolved,
      after: a => chain.account(a, at),
    });
    if (!options.anyBlockhash && !chain.isBlockhashValid(tx.blockhash, slot) && !options.sigVerify)
      return refused('BlockhashNotFound');
    chain.vm.setSigverify(options.sigVerify);
    const result =
      tx.version === 'legacy' ? chain.vm.simulateLegacyTransaction(tx.bytes) : chain.vm.simulateVersionedTransaction(tx.bytes);
    if (result instanceof internal.FailedTransactionMetadata) {
      const effects = effectsOf(chain.vm, resolved, result, pre, pre);
      if (effects.err === 'SignatureFailure') return refused('SignatureFailure');
      if (!options.anyBlockhash && !chain.isBlockhashValid(tx.blockhash, slot)) return refused('BlockhashNotFound');
      if (chain.hasLanded(tx.message, slot)) return refused('AlreadyProcessed');
      if (UNPAID.has(String(effects.err))) return refused(effects.err ?? '');
      const afterFee = [...pre.lamports];
      afterFee[0] = (afterFee[0] ?? 0n) - BigInt(effects.fee);
      return {
        effects: { ...effects, postBalances: afterFee.map(String) },
        charged: true,
        resolved,
        after: a => chain.account(a, at),
      };
    }
    if (!options.anyBlockhash && !chain.isBlockhashValid(tx.blockhash, slot)) return refused('BlockhashNotFound');
    if (chain.hasLanded(tx.message, slot)) return refused('AlreadyProcessed');
    const written = new Map(result.postAccounts().map(a => [addressText(a.address), toRaw(a.account())]));
    const after = (address: string) => (written.has(address) ? (written.get(address) ?? null) : readAccount(chain.vm, address));
    const post: Snapshot = {
      accounts: resolved.keys.map((key, i) => (written.has(key) ? (written.get(key) ?? null) : (pre.accounts[i] ?? null))),
      lamports: resolved.keys.map((key, i) => (written.has(key) ? (written.get(key)?.lamports ?? 0n) : (pre.lamports[i] ?? 0n))),
    };
    return { effects: effectsOf(chain.vm, resolved, result, pre, post), charged: true, resolved, after };
  });
}

/** Errors for which no fee is taken, because no block would take the transaction. */
const UNPAID = new Set([
  'AccountNotFound',
  'InsufficientFundsForFee',
  'InvalidAccountForFee',
  'SanitizeFailure',
  'AccountLoadedTwice',
  'TooManyAccountLocks',
]);

function toRaw(account: internal.Account): RawAccount | null {
  if (account.lamports() === 0n) return null;
  return {
    lamports: account.lamports(),
    data: account.data(),
    owner: addressText(account.owner()),
    executable: account.executable(),
    rentEpoch: account.rentEpoch(),
  };
}

const nothing = (err: TransactionError): Effects => ({
  err, fee: 0, logs: [], units: 0, preBalances: [], postBalances: [], preTokenBalances: [], postTokenBalances: [], inner: [],
  loaded: { writable: [], readonly: [] }, returnData: null, loadedDataSize: 0, costUnits: 0,
}); // biome-ignore format: a row of nothings

/** Puts the accounts as they were at a moment into the VM for the time of one simulation. */
function atMoment<T>(chain: Chain, { keys }: Resolved, at: Moment, run: () => T): T {
  const changed = new Map<string, RawAccount | null>();
  for (const key of keys) {
    if (at.slot >= chain.heads.open && !chain.forks.account(key, at)) continue;
    const then = chain.account(key, at);
    const live = readAccount(chain.vm, key);
    if (sameAccount(then, live)) continue;
    changed.set(key, live);
    writeAccount(chain.vm, key, then);
  }
  try {
    return run();
  } finally {
    for (const [key, account] of changed) writeAccount(chain.vm, key, account);
  }
}
