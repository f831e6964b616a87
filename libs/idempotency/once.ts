import type { Tx } from '#libs/db/database';
import { refuse } from '#libs/problems/refusal';
import { canonicalHash } from './canonical-hash.ts';
import { claim, type KeptAnswer, keep } from './claim.ts';

/** A request that changes something, as the operation takes it. */
export interface Ask<Body> {
  /** The caller's Idempotency-Key, or null where it is not needed. */
  key: string | null;
  /** What the key is kept under, beside the account; see `KeyUse`. */
  route: string;
  body: Body;
  /** From the header; a `client_reference` in the body wins. */
  clientReference: string | null;
}

export interface Answer<Body> {
  status: number;
  body: Body;
  /** Whether it is the first answer again, and nothing was done. */
  replayed: boolean;
}

/**
 * Runs the work once per key, inside the caller's transaction; a repeat gets the first answer. Throws the refusals
 * `idempotency_body_mismatch` and `idempotency_in_flight`.
 */
export async function once<Body>(
  tx: Tx,
  accountId: string,
  ask: Ask<unknown>,
  work: () => Promise<KeptAnswer & { body: Body }>,
): Promise<Answer<Body>> {
  if (ask.key === null) return { ...(await work()), replayed: false };
  const use = { accountId, route: ask.route, key: ask.key, bodyHash: canonicalHash(ask.body) };
  const claimed = await claim(tx, use);
  switch (claimed.kind) {
    case 'mismatch':
      return refuse('idempotency_body_mismatch');
    case 'in_flight':
      return refuse('idempotency_in_flight', { headers: { 'retry-after': '1' } });
    case 'replay':
      return { status: claimed.status, body: claimed.body as Body, replayed: true };
    case 'new': {
      const answer = await work();
      await keep(tx, use, answer);
      return { ...answer, replayed: false };
    }
  }
}
