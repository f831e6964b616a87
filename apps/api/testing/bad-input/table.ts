import type { ProblemCode } from '#libs/problems/catalogue';
import { KEYED_ROUTES } from './routes.ts';
import type { Things } from './world.ts';

/** A placeholder of a path: a well-formed id of nothing, the id of someone's thing, and what is said of ids that are not there. */
export interface Param {
  unknown: string;
  of: (things: Things) => string;
  code: ProblemCode;
}

/** What a route needs before it can be asked wrongly in one point only. */
export interface Entry {
  params?: Record<string, Param>;
  /** A body that nothing is wrong with. */
  body?: (things: Things) => Record<string, unknown>;
  /** No body is as good as an empty one. */
  bodyOptional?: boolean;
  /** Names another account's thing in the body. */
  foreign?: (things: Things) => { body: Record<string, unknown>; code: ProblemCode };
  /** Takes a text for a body too. */
  text?: boolean;
}

const NOBODY = 'BcN4ToBs8jE3dbYNhYqDJqGnKPjH3zRX8gsDUDH72JQp';
const REFUND: Param = { unknown: 're_01JD000000000000000000000A', of: things => things.refund, code: 'refund_not_found' };
const refund = (things: Things) => ({ payment_id: things.id, amount_atomic: '1000', external_id: 'never written' });
const draft = (things: Things) => ({
  label: 'A thing',
  owner_agent: things.mint,
  method: 'GET',
  price: '$0.10',
  response: { body: { ok: true } },
  delivery: {},
});

/** Keyed routes by name. One of the document that is missing here fails the tests, and so does one that is no more. */
export const TABLE: Record<string, Entry> = {
  'GET /v1/account/settings': {},
  'PATCH /v1/account/settings': { body: () => ({}) },
  'GET /v1/account/treasury': {},
  'POST /v1/account/treasury': { body: () => ({}), bodyOptional: true },
  'POST /v1/agents': { body: () => ({ mint: NOBODY, label: 'Agent', treasury: { kind: 'managed' } }) },
  'GET /v1/agents': {},
  'GET /v1/agents/{mint}': { params: { mint: { unknown: NOBODY, of: things => things.mint, code: 'agent_not_found' } } },
  'GET /v1/agents/{mint}/treasury/balances': {
    params: { mint: { unknown: NOBODY, of: things => things.mint, code: 'agent_not_found' } },
  },
  'POST /v1/payment-links': {
    body: draft,
    foreign: things => ({ body: draft(things), code: 'agent_not_found' }),
  },
  'GET /v1/payment-links': {},
  'POST /v1/payment-links/preview': {
    body: draft,
    foreign: things => ({ body: draft(things), code: 'agent_not_found' }),
  },
  'GET /v1/payment-links/{id}': {
    params: { id: { unknown: 'no-such-link', of: things => things.link, code: 'payment_link_not_found' } },
  },
  'GET /v1/payments': {},
  'GET /v1/payments/{id}': {
    params: { id: { unknown: 'pay_01JD000000000000000000000A', of: things => things.id, code: 'payment_not_found' } },
  },
  'POST /v1/payments/refund': {
    body: refund,
    foreign: things => ({ body: refund(things), code: 'payment_not_found' }),
  },
  'POST /v1/refunds': {
    body: refund,
    foreign: things => ({ body: refund(things), code: 'payment_not_found' }),
  },
  'POST /v1/refunds/preview': {
    body: refund,
    foreign: things => ({ body: refund(things), code: 'payment_not_found' }),
  },
  'GET /v1/refunds': {},
  'GET /v1/refunds/{id}': { params: { id: REFUND } },
  'PATCH /v1/refunds/{id}': { params: { id: REFUND }, body: () => ({ metadata: { ticket: 7 } }) },
  'POST /v1/refunds/{id}/cancel': { params: { id: REFUND }, body: () => ({}), bodyOptional: true },
  'POST /v1/refunds/{id}/retry': { params: { id: REFUND }, body: () => ({}), bodyOptional: true },
  'POST /v1/refunds/{id}/resolve': { params: { id: REFUND }, body: () => ({ reason: 'x', give_up: true }) },
  'GET /v1/receipts/by-hash/{hash}': {
    params: { hash: { unknown: 'a'.repeat(64), of: things => things.receiptHash, code: 'receipt_not_found' } },
  },
  'POST /v1/receipts/verify': { body: () => ({ chain: [] }), text: true },
  'GET /v1/receipts/{agent}': { params: { agent: { unknown: NOBODY, of: things => things.mint, code: 'agent_not_found' } } },
  'POST /v1/seller/parse-price': { body: () => ({ price: '$0.10' }) },
};

export function entryOf(name: string): Entry {
  const entry = TABLE[name];
  if (entry === undefined) throw new Error(`${name} has no entry in the table of bad input`);
  return entry;
}

/** The keyed routes that have an entry; table.test.ts says when one has none. */
export const LISTED = KEYED_ROUTES.filter(route => route.name in TABLE);
