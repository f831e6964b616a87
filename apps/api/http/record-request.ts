import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Database } from '#libs/db/database';

/**
 * Writes the row that usage is computed from: one per request made with a good key, before its answer leaves. Never
 * best-effort: who calls this answers 503 when it throws.
 */
export async function recordRequest(db: Database, request: FastifyRequest, reply: FastifyReply): Promise<void> {
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
  await db.tx('api.request.log', async tx => {
    await tx.insertInto('api_requests').values(row).execute();
  });
}

/** `/v1/refunds/{id}`, whatever the id: what requests are counted by. */
export const pathTemplate = (request: FastifyRequest): string =>
  (request.routeOptions.url ?? '(unknown)').replace(/:([A-Za-z_]+)/g, '{$1}');
