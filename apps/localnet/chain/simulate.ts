import internal from 'litesvm/dist/internal.js';
import { type RawAccount, readAccount, sameAccount, writeAccount } from './account.ts';
import { addressText } from './base58.ts';
import type { Chain } from './chain.ts';
import { effectsOf, type Snapshot, snapshot, tokenBalances } from './effects.ts';
import type { TransactionError } from './errors.ts';
import type { Moment } from './heads.ts';
import { nonceOf } from './nonce.ts';
import type { Effects } from './record.ts';
import type { Resolved } from './resolve.ts';
import { listSlotHashes } from './sysvars.ts';
import type { WireTransaction } from './wire.ts';

export type SimulateOptions = { at: Moment; sigVerify: boolean; anyBlockhash: boolean };

/** What would happen. Not `charged`: no block would take it, so no fee. `resolved` is missing when accounts could not even be found. */
export type Simulation = {
  effects: Effects;
  charged: boolean;
  /** Signatures are looked at before any account: when they fail, no balances are told. */
  balancesKnown: boolean;
  resolved: Resolved | null;
  after(address: string): RawAccount | null;
};

/** Runs a transaction against the accounts as of a moment and leaves no trace. */
export function simulate(chain: Chain, tx: WireTransaction, options: SimulateOptions): Simulation {
  const { at } = options;
  const resolved = chain.resolve(tx, at);
  const before = (address: string) => chain.account(address, at);
  if ('error' in resolved)
    return { effects: nothing(resolved.error), charged: false, balancesKnown: false, resolved: null, after: before };
  return atMoment(chain, resolved, at, () => {
    listSlotHashes(chain, resolved.keys);
    const pre = snapshot(chain.vm, resolved);
    const refused = (err: TransactionError): Simulation => ({
      effects: unchanged(chain, err, pre, resolved),
      charged: false,
      balancesKnown: err !== 'SignatureFailure',
      resolved,
      after: before,
    });
    chain.vm.setSigverify(options.sigVerify);
    const { vm } = chain;
    const result = tx.version === 'legacy' ? vm.simulateLegacyTransaction(tx.bytes) : vm.simulateVersionedTransaction(tx.bytes);
    const failed = result instanceof internal.FailedTransactionMetadata;
    const effects = effectsOf(vm, resolved, result, pre, failed ? pre : afterwards(result, resolved, pre));
    if (effects.err === 'SignatureFailure') return refused(effects.err);
    const lives = options.anyBlockhash || chain.isBlockhashValid(tx.blockhash, at.slot) || nonceOf(chain, resolved, at) !== null;
    if (!lives) return refused('BlockhashNotFound');
    if (chain.hasLanded(tx.message, at.slot)) return refused('AlreadyProcessed');
    if (UNPAID.has(String(effects.err))) return refused(effects.err ?? '');
    const done = { charged: true, balancesKnown: true, resolved };
    if (!failed) return { ...done, effects, after: reader(chain, result) };
    const afterFee = [...pre.lamports];
    afterFee[0] = (afterFee[0] ?? 0n) - BigInt(effects.fee);
    return { ...done, effects: { ...effects, postBalances: afterFee.map(String) }, after: before };
  });
}

const written = (result: internal.SimulatedTransactionInfo): Map<string, RawAccount | null> =>
  new Map(result.postAccounts().map(a => [addressText(a.address), toRaw(a.account())]));

/** Reads accounts as they would be after the simulation. */
function reader(chain: Chain, result: internal.SimulatedTransactionInfo): (address: string) => RawAccount | null {
  const accounts = written(result);
  return address => (accounts.has(address) ? (accounts.get(address) ?? null) : readAccount(chain.vm, address));
}

function afterwards(result: internal.SimulatedTransactionInfo, { keys }: Resolved, pre: Snapshot): Snapshot {
  const accounts = written(result);
  return {
    accounts: keys.map((key, i) => (accounts.has(key) ? (accounts.get(key) ?? null) : (pre.accounts[i] ?? null))),
    lamports: keys.map((key, i) => (accounts.has(key) ? (accounts.get(key)?.lamports ?? 0n) : (pre.lamports[i] ?? 0n))),
  };
}

/** What is told of a transaction that no block would take: the balances, and that they stay. */
function unchanged(chain: Chain, err: TransactionError, pre: Snapshot, resolved: Resolved): Effects {
  const [lamports, tokens] = [pre.lamports.map(String), tokenBalances(chain.vm, pre)];
  return {
    ...nothing(err),
    preBalances: lamports,
    postBalances: lamports,
    preTokenBalances: tokens,
    postTokenBalances: tokens,
    loaded: resolved.loaded,
  };
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
