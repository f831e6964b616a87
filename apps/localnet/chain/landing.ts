import { createHash } from 'node:crypto';
import { type RawAccount, readAccount, sameAccount } from './account.ts';
import { base58 } from './base58.ts';
import type { Chain } from './chain.ts';
import { effectsOf, NOT_LOADED, snapshot } from './effects.ts';
import type { TransactionError } from './errors.ts';
import type { Phantom } from './forks.ts';
import { memoOf } from './memo.ts';
import { advanced, type Nonce, nonceOf } from './nonce.ts';
import type { Effects, Landed } from './record.ts';
import type { Resolved } from './resolve.ts';
import { listSlotHashes } from './sysvars.ts';
import type { WireTransaction } from './wire.ts';

export type Sent = { kind: 'landed'; record: Landed } | { kind: 'dropped'; reason: TransactionError };

export const hashOf = (message: Uint8Array): Buffer => createHash('sha256').update(message).digest();

/** A last change to the accounts that a transaction wrote, saved with them. */
export type Finish = (written: Map<string, RawAccount | null>) => void;

/** Executes the transaction in the open block, or says why no block takes it. Signatures are checked here. */
export function land(chain: Chain, tx: WireTransaction, finish?: Finish): Sent {
  const resolved = admitted(chain, tx);
  if ('reason' in resolved) return { kind: 'dropped', reason: resolved.reason };
  const { vm } = chain;
  listSlotHashes(chain, resolved.keys);
  const pre = snapshot(vm, resolved);
  vm.setSigverify(true);
  const result = tx.version === 'legacy' ? vm.sendLegacyTransaction(tx.bytes) : vm.sendVersionedTransaction(tx.bytes);
  const post = snapshot(vm, resolved);
  const effects = effectsOf(vm, resolved, result, pre, post);
  if (NOT_LOADED.has(String(effects.err)) && pre.lamports[0] === post.lamports[0])
    return landFailed(chain, tx, effects.err ?? '');
  // Whoever pays for nothing was never in a block.
  if (effects.err !== null && pre.lamports[0] === post.lamports[0]) return { kind: 'dropped', reason: effects.err };
  const accounts = new Map<string, RawAccount | null>();
  resolved.keys.forEach((key, i) => {
    const [before, after] = [pre.accounts[i] ?? null, post.accounts[i] ?? null];
    if (sameAccount(before, after)) return;
    chain.past.remember(key, chain.heads.open, before);
    accounts.set(key, after);
  });
  if (effects.err !== null) advanceNonce(chain, resolved.nonce, accounts);
  finish?.(accounts);
  return commit(chain, tx, resolved, effects, accounts);
}

/** Lands a transaction with an error that it would not have had: the fee is taken, nothing else happens. */
export function landFailed(chain: Chain, tx: WireTransaction, err: TransactionError): Sent {
  const resolved = admitted(chain, tx);
  if ('reason' in resolved) return { kind: 'dropped', reason: resolved.reason };
  const simulation = chain.simulate(tx, { at: chain.now(), sigVerify: true, anyBlockhash: true });
  if (!simulation.charged) return { kind: 'dropped', reason: simulation.effects.err ?? 'SanitizeFailure' };
  const payer = tx.staticKeys[0] ?? '';
  const before = readAccount(chain.vm, payer);
  if (!before) return { kind: 'dropped', reason: 'AccountNotFound' };
  const accounts = new Map([[payer, { ...before, lamports: before.lamports - BigInt(simulation.effects.fee) }]]);
  chain.write(accounts);
  advanceNonce(chain, resolved.nonce, accounts);
  return commit(chain, tx, resolved, failed(simulation.effects, err), accounts);
}

/** What a transaction seems to do in a block that will be abandoned; null when no block at all would take it. */
export function phantomOf(
  chain: Chain,
  tx: WireTransaction,
  options: { level: Phantom['level']; until: number; err: TransactionError | null; onGone(): void },
): Phantom | null {
  if ('reason' in admitted(chain, tx)) return null;
  const simulation = chain.simulate(tx, { at: chain.now(), sigVerify: true, anyBlockhash: true });
  const { resolved, charged } = simulation;
  if (!resolved || !charged) return null;
  const effects = options.err === null ? simulation.effects : failed(simulation.effects, options.err);
  const accounts = new Map(
    effects.err === null
      ? resolved.keys.flatMap((key, i) => (resolved.writable[i] ? [[key, simulation.after(key)] as const] : []))
      : [],
  );
  return { ...options, accounts, stored: { id: Number.MAX_SAFE_INTEGER, record: recordOf(chain, tx, effects), wire: tx.bytes } };
}

/** The checks before execution: each message once, and only with a blockhash that is still good, or a nonce. */
function admitted(chain: Chain, tx: WireTransaction): (Resolved & { nonce: Nonce | null }) | { reason: TransactionError } {
  if (chain.hasLanded(tx.message, chain.heads.open)) return { reason: 'AlreadyProcessed' };
  const resolved = chain.resolve(tx, chain.now());
  if ('error' in resolved) return { reason: resolved.error };
  if (chain.isBlockhashValid(tx.blockhash, chain.heads.at('processed'))) return { ...resolved, nonce: null };
  const nonce = nonceOf(chain, resolved, chain.now());
  return nonce ? { ...resolved, nonce } : { reason: 'BlockhashNotFound' };
}

function advanceNonce(chain: Chain, nonce: Nonce | null, accounts: Map<string, RawAccount | null>): void {
  const next = nonce && advanced(chain, nonce);
  if (!next) return;
  chain.write(new Map([next]));
  accounts.set(...next);
}

function commit(
  chain: Chain,
  tx: WireTransaction,
  resolved: Resolved,
  effects: Effects,
  accounts: Map<string, RawAccount | null>,
): Sent {
  const record = recordOf(chain, tx, effects);
  const messageHash = hashOf(tx.message);
  chain.store.save({ accounts, tx: { record, wire: tx.bytes, messageHash, keys: resolved.keys } });
  chain.noteLanded(messageHash, record.slot);
  return { kind: 'landed', record };
}

const recordOf = (chain: Chain, tx: WireTransaction, effects: Effects): Landed => ({
  signature: base58(tx.signatures[0] ?? new Uint8Array(64)),
  slot: chain.heads.open,
  time: chain.calendar.openTime_s,
  memo: memoOf(tx),
  ...effects,
});

/** The effects of a transaction that failed: its fee, and nothing else. */
function failed(effects: Effects, err: TransactionError): Effects {
  const [payer, ...rest] = effects.preBalances;
  return {
    ...effects,
    err,
    inner: [],
    returnData: null,
    postBalances: [String(BigInt(payer ?? '0') - BigInt(effects.fee)), ...rest],
    postTokenBalances: effects.preTokenBalances,
  };
}
