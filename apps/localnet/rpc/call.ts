import { RpcError } from './error.ts';
import { METHODS, MOST_PARAMS } from './methods.ts';
import type { Node } from './node.ts';

/** One JSON-RPC request as it came: nothing about it is sure yet. */
export type Request = { id: unknown; method: string; params: unknown[] };
export type Answer = Record<string, unknown>;

declare global {
  interface JSON {
    rawJSON(text: string): unknown;
  }
}

/** Lamports and other u64 pass 2^53: they are written digit by digit, as a validator does. */
export const toJson = (value: unknown): string =>
  JSON.stringify(value, (_, v) => (typeof v === 'bigint' ? JSON.rawJSON(String(v)) : v));

/** A validator writes the keys of a result in alphabetical order; whoever compares text gets the same text here. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const from = value as Record<string, unknown>;
  return Object.fromEntries(
    Object.keys(from)
      .sort()
      .map(key => [key, sorted(from[key])]),
  );
}

const MEMBERS = new Set(['jsonrpc', 'id', 'method', 'params']);

/** Whether a validator's parser takes this for a call at all; if not, the whole body is a parse error. */
export function isCall(raw: unknown): raw is Record<string, unknown> {
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) return false;
  const { id } = raw as Record<string, unknown>;
  return (
    id === undefined || id === null || typeof id === 'string' || (typeof id === 'number' && Number.isSafeInteger(id) && id >= 0)
  );
}

/** Takes a call apart, or returns the answer to a malformed one; null when no answer is due (a notification). */
export function readRequest(call: Record<string, unknown>): { request: Request } | { answer: Answer | null } {
  const { jsonrpc, id, method, params } = call;
  const invalid = { answer: failure(id ?? null, new RpcError(-32600, 'Invalid request')) };
  if (typeof method !== 'string' || (jsonrpc !== undefined && jsonrpc !== null && jsonrpc !== '2.0')) return invalid;
  if (Object.keys(call).some(member => !MEMBERS.has(member))) return invalid;
  if (jsonrpc !== '2.0')
    return { answer: { error: { code: -32600, message: 'Unsupported JSON-RPC protocol version' }, id: id ?? null } };
  if (id === undefined) return { answer: null };
  if (params !== undefined && params !== null && !Array.isArray(params))
    return { answer: failure(id, new RpcError(-32602, '`params` should be an array')) };
  return { request: { id, method, params: (params as unknown[] | undefined) ?? [] } };
}

export const failure = (id: unknown, error: RpcError): Answer => ({
  jsonrpc: '2.0',
  error: { code: error.code, message: error.message, ...(error.data === undefined ? {} : { data: error.data }) },
  id,
});

/** Answers a request. An error nobody foresaw is an internal error, and told on stderr. */
export function answer(node: Node, { id, method, params }: Request): Answer {
  const run = METHODS.get(method);
  if (!run) return failure(id, new RpcError(-32601, 'Method not found'));
  const most = MOST_PARAMS[method] ?? 1;
  try {
    if (params.length > most) throw tooMany(params, most);
    return { jsonrpc: '2.0', result: sorted(run(node, params)), id };
  } catch (error) {
    if (error instanceof RpcError) return failure(id, error);
    process.stderr.write(`localnet: ${method}: ${error instanceof Error ? error.stack : String(error)}\n`);
    return failure(id, new RpcError(-32603, 'Internal error'));
  }
}

const tooMany = (params: unknown[], most: number): RpcError =>
  most === 0
    ? new RpcError(-32602, 'Invalid parameters: No parameters were expected', rustDebug(params))
    : new RpcError(
        -32602,
        `Invalid parameters: Expected from ${Math.min(1, most - 1)} to ${most} parameters.`,
        `"Got: ${params.length}"`,
      );

/** A value as Rust's debug format shows it, which a validator quotes back. */
function rustDebug(value: unknown): string {
  if (value === null) return 'Null';
  if (Array.isArray(value)) return `Array([${value.map(rustDebug).join(', ')}])`;
  if (typeof value === 'object') {
    const members = Object.entries(value).map(([key, v]) => `${JSON.stringify(key)}: ${rustDebug(v)}`);
    return `Object {${members.join(', ')}}`;
  }
  return typeof value === 'string'
    ? `String(${JSON.stringify(value)})`
    : `${typeof value === 'number' ? 'Number' : 'Bool'}(${String(value)})`;
}
