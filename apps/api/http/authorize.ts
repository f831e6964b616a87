import type { FastifyReply, FastifyRequest } from 'fastify';
import { findCaller } from '#libs/accounts/find-caller';
import { parseKey } from '#libs/accounts/key-format';
import type { Scope } from '#libs/accounts/scopes';
import { NETWORKS } from '#libs/money/assets';
import { refuse } from '#libs/problems/refusal';
import type { ApiParts } from '../parts.ts';
import { bucketOf, type RateLimits } from './rate-limit.ts';

const CHALLENGE = { headers: { 'www-authenticate': 'Bearer' } };

/**
 * Finds who calls, or refuses. A key that is broken, unknown or revoked gets the same answer: it says nothing of what
 * exists. Sets the request's caller as soon as the key is good, so that what is refused after that is still counted.
 */
export async function authorize(
  request: FastifyRequest,
  reply: FastifyReply,
  scope: Scope,
  { parts, limits }: { parts: ApiParts; limits: RateLimits },
): Promise<void> {
  const header = request.headers.authorization;
  if (header === undefined) refuse('key_missing', CHALLENGE);
  const text = /^Bearer +(\S+) *$/i.exec(header)?.[1];
  const parsed = text === undefined ? null : parseKey(text);
  if (parsed === null) return refuse('key_invalid', CHALLENGE);
  const caller = await parts.steps('api.key.read', () => findCaller(parts.db.read, parsed.hash));
  if (caller === null || caller.revokedAt !== null) return refuse('key_invalid', CHALLENGE);
  if (caller.expiresAt !== null && caller.expiresAt <= parts.clock.now()) refuse('key_expired', CHALLENGE);
  request.caller = caller;
  await limits.take(reply, caller.keyId, bucketOf(scope));
  if (namesOtherNetwork(request.query, caller.network)) refuse('key_wrong_network', CHALLENGE);
  if (!parts.chains.has(caller.network)) refuse('network_not_configured');
  if (caller.accountStatus !== 'active') refuse('account_not_active');
  if (!caller.scopes.has(scope))
    refuse('scope_missing', { members: { scope }, detail: `This needs a key with the scope ${scope}.` });
}

/** Keyed routes take no network; a caller that names one is told when their key is for the other, before anything is done there. */
function namesOtherNetwork(query: unknown, network: string): boolean {
  const named = (query as { network?: unknown } | null)?.network;
  return NETWORKS.some(other => other !== network && (named === other || `solana-${named}` === other));
}
