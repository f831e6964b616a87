import type { Caller } from '#libs/accounts/find-caller';
import type { Scope } from '#libs/accounts/scopes';

/** What a route says of itself; read by the hooks before the body is. */
export interface RouteSettings {
  /** The scope a key must have; present on every keyed route, absent on public ones. */
  scope?: Scope;
  /** False where the route reads no query, and so takes none. */
  takesQuery?: boolean;
  /** Media types the route reads beside JSON, given to it as text. */
  texts?: readonly string[];
  /** Gives the route the body's bytes, whatever their type. */
  raw?: boolean;
  /** Answers browsers of any origin, refusals too. */
  cors?: boolean;
  /** Bytes a body may have, where the usual limit does not fit. */
  bodyLimit?: number;
}

/** Ids of what a request was about, for its log line. */
export interface Subject {
  payment_id?: string;
  refund_id?: string;
  payment_link_id?: string;
  workflow_id?: string;
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Set by the hooks on keyed routes, once the key was found good. */
    caller?: Caller;
    subject?: Subject;
  }
  interface FastifyContextConfig extends RouteSettings {}
}
