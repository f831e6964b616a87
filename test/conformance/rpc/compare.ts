import type { Exchange } from './asker.ts';

/** Where two answers to one question differ: the path in the answer, what is there, what is here. */
export type Difference = { name: string; path: string; there: string; here: string };

/** Members whose value is the chain's own affair: compared by kind only. */
const FREE_NUMBERS = new Set([
  'slot',
  'blockTime',
  'absoluteSlot',
  'blockHeight',
  'lastValidBlockHeight',
  'slotIndex',
  'transactionCount',
  'contextSlot',
  'confirmations',
]);
/** The address of a lookup table comes out of the slot it was made in. */
const FREE_TEXTS = new Set(['blockhash', 'recentBlockhash', 'signature', 'accountKey']);
/** Methods whose whole result is such a number, or a list of them. */
const FREE_RESULTS = new Set(['getSlot', 'getBlockHeight', 'getBlockTime', 'getBlocks', 'getRecentPrioritizationFees']);
const SIGNATURE = /^[1-9A-HJ-NP-Za-km-z]{80,88}$/;

/** Holds one recording against another. Statuses, errors, messages and values must be equal, but for what each chain makes its own. */
export function compare(there: Exchange[], here: Exchange[]): Difference[] {
  const mine = new Map(here.map(e => [e.name, e]));
  const found: Difference[] = [];
  for (const theirs of there) {
    const other = mine.get(theirs.name);
    const add = (path: string, a: unknown, b: unknown) =>
      found.push({ name: theirs.name, path, there: shown(a), here: shown(b) });
    if (!other) {
      add('', 'recorded', 'not asked');
      continue;
    }
    mine.delete(theirs.name);
    if (theirs.status !== other.status) add('status', theirs.status, other.status);
    if (type(theirs) !== type(other)) add('content_type', type(theirs), type(other));
    walk(freed(theirs), freed(other), 'response', add);
  }
  for (const name of mine.keys()) found.push({ name, path: '', there: 'not recorded', here: 'asked' });
  return found;
}

const type = (e: Exchange) => (e.content_type ?? '').split(';')[0];
const shown = (value: unknown): string => (value === undefined ? 'nothing' : JSON.stringify(value));

/** The answer without what depends on the moment of asking. */
function freed(exchange: Exchange): unknown {
  const { method = '', id } = (exchange.request ?? {}) as { method?: string; id?: unknown };
  const response = answered(exchange.response, id) as { result?: unknown };
  if (FREE_RESULTS.has(method) && typeof response === 'object' && response.result) {
    const { result } = response;
    return { ...response, result: Array.isArray(result) ? result.slice(0, 1).map(item => free(item)) : free(result) };
  }
  // How soon a block is final depends on how long the slots are.
  if (method === 'getSignaturesForAddress') return free(response, LEVEL_FREE);
  if (!Array.isArray(response)) return free(response);
  return response.map(item => free(typeof item?.result === 'number' ? { ...item, result: '<number>' } : item));
}

/** How often the asker had to ask before is no difference, as long as the answer bears the question's id. */
function answered(response: unknown, id: unknown): unknown {
  if (typeof response !== 'object' || response === null || Array.isArray(response) || !('id' in response) || response.id !== id)
    return response;
  return { ...response, id: '<id>' };
}

const LEVEL_FREE = 'any level';

function free(value: unknown, key = '', under = key): unknown {
  if (key === 'confirmationStatus' && under === LEVEL_FREE) return '<level>';
  if (typeof value === 'number' && (FREE_NUMBERS.has(key) || key === '')) return '<number>';
  if (typeof value === 'string' && (FREE_TEXTS.has(key) || SIGNATURE.test(value)))
    return `<${SIGNATURE.test(value) ? 'signature' : key}>`;
  if (typeof value === 'string' && key === 'message') return value.replace(/\bslot \d+/g, 'slot N');
  if (Array.isArray(value)) {
    // A whole transaction carries its blockhash and signatures inside.
    if (key === 'transaction' && typeof value[0] === 'string') return ['<transaction>', value[1]];
    return value.map(item => (typeof item === 'object' || typeof item === 'string' ? free(item, `${key}[]`, under) : item));
  }
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([k, v]) => [k, k === 'id' ? v : free(v, k, under === LEVEL_FREE ? under : k)]),
  );
}

function walk(a: unknown, b: unknown, path: string, add: (path: string, a: unknown, b: unknown) => void): void {
  if (typeof a !== 'object' || a === null || typeof b !== 'object' || b === null || Array.isArray(a) !== Array.isArray(b)) {
    if (a !== b) add(path, a, b);
    return;
  }
  const [x, y] = [a as Record<string, unknown>, b as Record<string, unknown>];
  for (const key of new Set([...Object.keys(x), ...Object.keys(y)])) {
    const at = Array.isArray(a) ? `${path}[${key}]` : `${path}.${key}`;
    if (!(key in x) || !(key in y)) add(at, x[key], y[key]);
    else walk(x[key], y[key], at, add);
  }
}
