import type { Stack } from '#apps/dev/stack';
import type { Buyer } from './buyers.ts';
import type { Answer, Wire } from './http.ts';
import { ask } from './http.ts';
import type { Books, ChainReader } from './readers.ts';
import type { Claim, Reckoning } from './reckoning.ts';

export interface Link {
  slug: string;
  price: bigint;
  tokenAccount: string;
}

/** A proof that a buyer has signed, and what became of it. */
export interface Order {
  buyer: Buyer;
  link: Link;
  proof: Record<string, string>;
  outcome: 'open' | 'settled' | 'refused';
}

export interface Payment {
  id: string;
  signature: string;
  receiptHash: string | null;
  order: Order;
  sums: Reckoning;
  /** Proven gone from the chain: it gives nothing back any more, and what it gave is lost. */
  reversed: boolean;
}

export interface Refund {
  id: string;
  payment: Payment;
  amount: bigint;
  /** Kept from it: the buyer gets so much less. */
  fee: bigint;
  claim: Claim;
  /** Whom what has not moved of it is paid to; and everyone it was to be paid to once. */
  to: Buyer;
  whom: Set<Buyer>;
  /** A redirect is under way. */
  redirecting: boolean;
  /** How what had not moved of it was given back to the payment. */
  unmoved: 'canceled' | 'failed' | null;
  /** Told at the last rest: its transfers that stand, each with its part of the fee and the account it went to. */
  moved: { amount: bigint; fee: bigint; account: string }[];
  /** A terminal state once seen is never left. */
  ended: string | null;
}

/** A request for a refund that was accepted, to be repeated. */
export interface Asked {
  refund: Refund;
  key: string | null;
  externalId: string | null;
  body: Record<string, string | Record<string, string>>;
  answer: Wire;
}

/** All that the model knows, and how it reaches what it tests. */
export interface World {
  stack: Stack;
  apiKey: string;
  books: Books;
  chain: ChainReader;
  agents: string[];
  links: Link[];
  buyers: Buyer[];
  orders: Order[];
  payments: Payment[];
  refunds: Map<string, Refund>;
  asked: Asked[];
  /** How often nodes were told to forget what they have seen: only after that may a payment or an end be taken back. */
  vanished: number;
}

/** One call of the keyed API, repeated until it is answered. */
export function call(world: World, method: string, path: string, body?: object, key?: string | null): Promise<Answer> {
  return ask(`${world.stack.urls.api}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${world.apiKey}`,
      ...(body ? { 'content-type': 'application/json' } : {}),
      ...(key ? { 'idempotency-key': key } : {}),
    },
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
}

/** Most commands meet at what is recent: there is still something to decide about it. */
const RECENT = 40;
export const choose = <T>(among: readonly T[], pick: number): T | undefined => {
  const recent = among.slice(-RECENT);
  return recent[pick % Math.max(1, recent.length)];
};
