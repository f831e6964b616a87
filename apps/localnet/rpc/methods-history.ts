import { COMMITMENTS, type Moment } from '../chain/heads.ts';
import type { StoredTransaction } from '../chain/store.ts';
import { invalidParams, RpcError } from './error.ts';
import { atLeastConfirmed } from './methods-node.ts';
import { inContext, knowsSlot, momentAt, type Node, sighted, slotAt } from './node.ts';
import { address, atLeast, config, flag, list, optional, signature, text, whole } from './params.ts';
import { type TransactionEncoding, transactionJson } from './transaction-json.ts';

const MAX_SIGNATURES = 256;
const MAX_HISTORY = 1_000;
/** A validator keeps the statuses of this many rooted blocks in its cache; older ones only history search finds. */
const STATUS_CACHE_BLOCKS = 300;

export function getSignatureStatuses(node: Node, params: unknown[]) {
  atLeast(params, 1);
  const asked = list(params[0]);
  if (asked.length > MAX_SIGNATURES) throw invalidParams(`Too many inputs provided; max ${MAX_SIGNATURES}`);
  const signatures = asked.map(signature);
  const search = flag(config(params[1], 'RpcSignatureStatusConfig').searchTransactionHistory);
  return inContext(
    momentAt(node, 'processed'),
    signatures.map(s => statusOf(node, s, search)),
  );
}

function statusOf(node: Node, signature: string, search: boolean) {
  const seen = sighted(node, signature);
  if (!seen) return null;
  const { slot, err } = seen.tx.record;
  const { slots } = node.chain;
  const forgotten = node.forgets !== null && (node.forgets.signature ?? signature) === signature;
  const cached = slots.height(slot) > slots.height(slotAt(node, 'finalized')) - STATUS_CACHE_BLOCKS && !forgotten;
  // History search looks at finalized blocks only.
  if (!cached && !(search && seen.level === 'finalized')) return null;
  return {
    confirmationStatus: seen.level,
    confirmations:
      seen.level === 'finalized' ? null : Math.max(0, slots.height(slotAt(node, 'confirmed')) - slots.height(slot) + 1),
    err,
    slot,
    status: err === null ? { Ok: null } : { Err: err },
  };
}

const ENCODINGS = new Set(['json', 'jsonParsed', 'base64', 'base58', 'binary']);

export function getTransaction(node: Node, params: unknown[]) {
  atLeast(params, 1);
  const wanted = signature(params[0]);
  const options = typeof params[1] === 'string' ? { encoding: params[1] } : config(params[1]);
  const encoding = optional(options.encoding, text) ?? 'json';
  if (!ENCODINGS.has(encoding))
    throw invalidParams('Invalid params: data did not match any variant of untagged enum RpcEncodingConfigWrapper.');
  const { level } = atLeastConfirmed(node, options);
  const seen = sighted(node, wanted);
  if (!seen || COMMITMENTS.indexOf(seen.level) < COMMITMENTS.indexOf(level)) return null;
  const found = seen.tx;
  const told = transactionJson(found, encoding as TransactionEncoding);
  if (optional(options.maxSupportedTransactionVersion, whole) === undefined) {
    if (told.version !== 'legacy')
      throw new RpcError(
        -32015,
        `Transaction version (${told.version}) is not supported by the requesting client. Please try the request again with the following configuration parameter: "maxSupportedTransactionVersion": ${told.version}`,
      );
    const { version: _, ...legacy } = told;
    return { blockTime: found.record.time, slot: found.record.slot, ...legacy };
  }
  return { blockTime: found.record.time, slot: found.record.slot, ...told };
}

export function getSignaturesForAddress(node: Node, params: unknown[]) {
  atLeast(params, 1);
  const key = address(params[0]);
  const options = config(params[1], 'RpcSignaturesForAddressConfig');
  const limit = optional(options.limit, whole) ?? MAX_HISTORY;
  if (limit === 0 || limit > MAX_HISTORY) throw invalidParams(`Invalid limit; max ${MAX_HISTORY}`);
  const at = atLeastConfirmed(node, options);
  const bound = (value: unknown): StoredTransaction | undefined => {
    const given = optional(value, signature);
    return given === undefined ? undefined : sighted(node, given)?.tx;
  };
  const before = bound(options.before);
  // An unknown `before` finds nothing, an unknown `until` everything, as on a validator.
  if (optional(options.before, text) !== undefined && !before) return [];
  const stored = node.chain.store.transactionsOf(key, before?.id ?? Number.MAX_SAFE_INTEGER, bound(options.until)?.id ?? -1);
  const phantoms = before ? [] : node.chain.forks.namedBy(key, at).map(phantom => phantom.stored);
  return take(historyOf(node, at, phantoms, stored), limit);
}

function* historyOf(node: Node, at: Moment, ...sources: Iterable<StoredTransaction>[]) {
  const finalized = slotAt(node, 'finalized');
  for (const source of sources)
    for (const { record } of source) {
      if (record.slot > at.slot || !knowsSlot(node, record.slot)) continue;
      yield {
        blockTime: record.time,
        confirmationStatus: record.slot <= finalized ? 'finalized' : 'confirmed',
        err: record.err,
        memo: record.memo,
        signature: record.signature,
        slot: record.slot,
      };
    }
}

function take<T>(from: Iterable<T>, limit: number): T[] {
  const taken: T[] = [];
  for (const item of from) if (taken.push(item) === limit) break;
  return taken;
}
