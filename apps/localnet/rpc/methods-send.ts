import { base58, fromBase58 } from '../chain/base58.ts';
import type { TransactionError } from '../chain/errors.ts';
import { errorText } from '../chain/errors-text.ts';
import { COMMITMENTS, type Moment } from '../chain/heads.ts';
import type { Simulation } from '../chain/simulate.ts';
import type { WireTransaction } from '../chain/wire.ts';
import { deliver } from '../faults/landing.ts';
import { accountJson } from './account-json.ts';
import { invalidParams, RpcError } from './error.ts';
import { blockhashAt } from './methods-blockhash.ts';
import { checkHealth } from './methods-node.ts';
import { asked, inContext, type Node } from './node.ts';
import { address, atLeast, type Config, config, flag, list, oneOf, optional, text, whole } from './params.ts';
import { balanceJson, innerJson } from './transaction-json.ts';
import { TRANSACTION_ENCODINGS, transactionParam } from './transaction-params.ts';

const encodingOf = (options: Config) => optional(options.encoding, value => oneOf(value, TRANSACTION_ENCODINGS)) ?? 'base58';

/** Reads the parameters of a sendTransaction call, options first, as a validator does. */
export function sentTransaction(params: unknown[]): { tx: WireTransaction; options: Config } {
  atLeast(params, 1);
  const encoded = text(params[0]);
  const options = config(params[1], 'RpcSendTransactionConfig');
  optional(options.preflightCommitment, value => oneOf(value, COMMITMENTS));
  return { tx: transactionParam(encoded, encodingOf(options)), options };
}

/** Refuses what names lookup tables that are not there; and, unless asked not to look, what would fail. */
export function preflight(node: Node, tx: WireTransaction, options: Config): void {
  const { preflightCommitment, minContextSlot } = options;
  const at = asked(node, { commitment: preflightCommitment, minContextSlot });
  checkLookups(node, tx, at);
  if (flag(options.skipPreflight)) return;
  checkHealth(node);
  const simulation = node.chain.simulate(tx, { at, sigVerify: true, anyBlockhash: false });
  const { err } = simulation.effects;
  if (err !== null)
    throw new RpcError(-32002, `Transaction simulation failed: ${errorText(err)}`, preflightData(simulation, err));
}

function checkLookups(node: Node, tx: WireTransaction, at: Moment): void {
  const resolved = node.chain.resolve(tx, at);
  if ('error' in resolved) throw invalidParams(`invalid transaction: ${errorText(resolved.error)}`);
}

function preflightData({ effects, charged }: Simulation, err: TransactionError) {
  return {
    accounts: null,
    err,
    fee: charged ? effects.fee : null,
    innerInstructions: null,
    loadedAccountsDataSize: effects.loadedDataSize,
    loadedAddresses: null,
    logs: effects.logs,
    postBalances: null,
    postTokenBalances: null,
    preBalances: null,
    preTokenBalances: null,
    replacementBlockhash: null,
    returnData: effects.returnData,
    unitsConsumed: effects.units,
  };
}

export const signatureOf = (tx: WireTransaction): string => base58(tx.signatures[0] ?? new Uint8Array(64));

/** Hands a transaction to the chain. Like a validator it answers with the signature whether or not it will land. */
export function sendTransaction(node: Node, params: unknown[]): string {
  const { tx, options } = sentTransaction(params);
  preflight(node, tx, options);
  deliver(node, tx, optional(options.maxRetries, whole) ?? Number.MAX_SAFE_INTEGER);
  return signatureOf(tx);
}

export function simulateTransaction(node: Node, params: unknown[]) {
  atLeast(params, 1);
  const options = config(params[1], 'RpcSimulateTransactionConfig');
  let tx = transactionParam(text(params[0]), encodingOf(options));
  const at = asked(node, options);
  const [sigVerify, replace] = [flag(options.sigVerify), flag(options.replaceRecentBlockhash)];
  if (sigVerify && replace) throw invalidParams('sigVerify may not be used with replaceRecentBlockhash');
  const replacement = replace ? blockhashAt(node, at.slot) : null;
  if (replacement) tx = withBlockhash(tx, replacement.blockhash);
  checkLookups(node, tx, at);
  const simulation = node.chain.simulate(tx, { at, sigVerify, anyBlockhash: replace });
  const { effects, resolved, charged } = simulation;
  const known = <T>(value: T): T | null => (simulation.balancesKnown ? value : null);
  return inContext(at, {
    accounts: accountsAfter(node, simulation, at, options),
    err: effects.err,
    fee: charged ? effects.fee : null,
    innerInstructions: flag(options.innerInstructions) ? innerJson(effects, resolved?.keys ?? [], true) : null,
    loadedAccountsDataSize: effects.loadedDataSize,
    loadedAddresses: { readonly: effects.loaded.readonly, writable: effects.loaded.writable },
    logs: effects.logs,
    postBalances: known(effects.postBalances.map(BigInt)),
    postTokenBalances: known(effects.postTokenBalances.map(balanceJson)),
    preBalances: known(effects.preBalances.map(BigInt)),
    preTokenBalances: known(effects.preTokenBalances.map(balanceJson)),
    replacementBlockhash: replacement,
    returnData: effects.returnData,
    unitsConsumed: effects.units,
  });
}

/** Puts another blockhash into the message; the signatures no longer fit it. */
function withBlockhash(tx: WireTransaction, blockhash: string): WireTransaction {
  const bytes = new Uint8Array(tx.bytes);
  bytes.set(fromBase58(blockhash), tx.blockhashOffset);
  return { ...tx, bytes, message: bytes.subarray(bytes.length - tx.message.length), blockhash };
}

function accountsAfter(node: Node, simulation: Simulation, at: Moment, options: Config) {
  const wanted = optional(options.accounts, config);
  if (!wanted) return null;
  const keys = list(wanted.addresses).map(address);
  if (simulation.resolved && keys.length > simulation.resolved.keys.length)
    throw invalidParams(`Too many accounts provided; max ${simulation.resolved.keys.length}`);
  if (simulation.effects.err !== null) return keys.map(() => null);
  return keys.map(key => {
    const account = simulation.after(key);
    return account && accountJson(account, { encoding: 'base64', ...wanted }, mint => node.chain.account(mint, at));
  });
}
