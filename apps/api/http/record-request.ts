import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ApiParts } from '../parts.ts';

/**
 * Writes the row that usage is computed from: one per request made with a good key, before its answer leaves. Never
 * best-effort: who calls this answers 503 when it throws.
 */
export async function recordRequest(
  parts: Pick<ApiParts, 'db' | 'steps'>,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<void> {
  const { caller } = request;
  if (caller === undefined) return;
  const row = {
    id: request.id,
    account_id: caller.accountId,
    api_key_id: caller.keyId,
    network: caller.network,
    method: request.method,
    path: pathTemplate(request),
    status: reply.statusCode,
    latency_ms: Math.round(reply.elapsedTime),
  };
  // One statement is a transaction of its own, and this is on the way of every answer.
  await parts.steps('api.request.log', () => parts.db.read.insertInto('api_requests').values(row).execute());
}

/** `/v1/refunds/{id}`, whatever the id: what requests are counted by. */
export const pathTemplate = (request: FastifyRequest): string =>
  (request.routeOptions.url ?? '(unknown)').replace(/:([A-Za-z_]+)/g, '{$1}');
