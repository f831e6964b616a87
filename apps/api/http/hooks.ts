import type { FastifyInstance } from 'fastify';
import { refuse } from '#libs/problems/refusal';
import type { ApiParts } from '../parts.ts';
import { CORS } from '../paywall/answer.ts';
import { authorize } from './authorize.ts';
import { pointer, unstorable } from './faults.ts';
import type { Origin } from './origin.ts';
import { RateLimits } from './rate-limit.ts';
import { pathTemplate, recordRequest } from './record-request.ts';
import { shapeProblem } from './send-problem.ts';
import { subjectOf } from './subject.ts';
import { toRefusal } from './to-refusal.ts';

/** What happens to every request around its route: id, key, usage row, log line. In this order. */
export function installHooks(fastify: FastifyInstance, parts: ApiParts, origin: Origin): void {
  const limits = new RateLimits(parts.config);
  // A route that forgot to say what key it needs must not exist.
  fastify.addHook('onRoute', route => {
    const { scope, bodyLimit } = route.config ?? {};
    if (route.url.startsWith('/v1/') && scope === undefined) throw new Error(`${route.url} names no scope`);
    if (bodyLimit !== undefined) route.bodyLimit = bodyLimit;
  });

  fastify.addHook('onRequest', async (request, reply) => {
    reply.header('x-request-id', request.id);
    const { scope, cors, takesQuery } = request.routeOptions.config;
    if (cors === true) reply.headers(CORS);
    // Before the body is read: strangers cost us no parsing, and learn nothing of what a route takes.
    if (scope !== undefined) await authorize(request, reply, scope, { parts, limits });
    // No row can bear such an id, and PostgreSQL would call it an error.
    if (unstorable(request.params).length > 0) refuse('invalid_request', { detail: 'The path has a NUL in it.' });
    if (takesQuery === false) refuseQuery(request.query);
  });

  fastify.addHook('preSerialization', async (request, _reply, payload) => {
    request.subject = { ...request.subject, ...subjectOf(payload) };
    return payload;
  });

  fastify.addHook('onSend', async (request, reply, payload) => {
    try {
      await recordRequest(parts, request, reply);
      return payload;
    } catch (error) {
      parts.log.error({ request_id: request.id, err: error }, 'request row not written');
      return shapeProblem(request, reply.removeHeader('content-length'), toRefusal(error), origin.url);
    }
  });

  fastify.addHook('onResponse', async (request, reply) => {
    parts.log.info(
      {
        request_id: request.id,
        method: request.method,
        path: pathTemplate(request),
        status: reply.statusCode,
        latency_ms: Math.round(reply.elapsedTime),
        account_id: request.caller?.accountId,
        api_key_id: request.caller?.keyId,
        ...request.subject,
      },
      'request',
    );
  });
}

/** What is asked for in vain must not be granted in part: a field that the caller put in the wrong place, say. */
function refuseQuery(query: unknown): void {
  const errors = Object.keys(query ?? {}).map(name => ({
    detail: 'This path takes no query.',
    pointer: pointer([name]),
    code: 'unknown_field',
  }));
  if (errors.length > 0) refuse('invalid_request', { detail: 'This path takes no query.', errors: errors.slice(0, 50) });
}
