import type { StoredTransaction } from '../chain/store.ts';
import { invalidParams, RpcError } from './error.ts';
import { atLeastConfirmed } from './methods-node.ts';
import { inContext, knowsSlot, landed, type Node, slotAt } from './node.ts';
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
  const search = flag(config(params[1]).searchTransactionHistory);
  return inContext(
    slotAt(node, 'processed'),
    signatures.map(s => statusOf(node, s, search)),
  );
}

function statusOf(node: Node, signature: string, search: boolean) {
  const found = landed(node, signature);
  if (!found) return null;
  const { slot, err } = found.record;
  const { slots } = node.chain;
  const [confirmed, finalized] = [slotAt(node, 'confirmed'), slotAt(node, 'finalized')];
  const cached = slots.height(slot) > slots.height(finalized) - STATUS_CACHE_BLOCKS && !node.forgotten.has(signature);
  if (!cached && !search) return null;
  const level = slot <= finalized ? 'finalized' : slot <= confirmed ? 'confirmed' : 'processed';
  return {
    confirmationStatus: level,
    confirmations: level === 'finalized' ? null : Math.max(0, slots.height(confirmed) - slots.height(slot) + 1),
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
  const newest = atLeastConfirmed(node, options);
  const found = landed(node, wanted);
  if (!found || found.record.slot > newest) return null;
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
  const options = config(params[1]);
  const limit = optional(options.limit, whole) ?? MAX_HISTORY;
  if (limit === 0 || limit > MAX_HISTORY) throw invalidParams(`Invalid limit; max ${MAX_HISTORY}`);
  const newest = atLeastConfirmed(node, options);
  const bound = (value: unknown): StoredTransaction | undefined => {
    const given = optional(value, signature);
    return given === undefined ? undefined : landed(node, given);
  };
  const before = bound(options.before);
  // An unknown `before` finds nothing, an unknown `until` everything, as on a validator.
  if (optional(options.before, text) !== undefined && !before) return [];
  const found = [];
  for (const { record } of node.chain.store.transactionsOf(
    key,
    before?.id ?? Number.MAX_SAFE_INTEGER,
    bound(options.until)?.id ?? -1,
  )) {
    if (found.length === limit) break;
    if (record.slot > newest || !knowsSlot(node, record.slot)) continue;
    found.push({
      blockTime: record.time,
      confirmationStatus: record.slot <= slotAt(node, 'finalized') ? 'finalized' : 'confirmed',
      err: record.err,
      memo: record.memo,
      signature: record.signature,
      slot: record.slot,
    });
  }
  return found;
}
