import type { FastifyInstance } from 'fastify';
import type { ApiParts } from '../parts.ts';
import { CORS } from '../paywall/answer.ts';
import { authorize } from './authorize.ts';
import type { Origin } from './origin.ts';
import { pathTemplate, recordRequest } from './record-request.ts';
import { shapeProblem } from './send-problem.ts';
import { subjectOf } from './subject.ts';
import { toRefusal } from './to-refusal.ts';

/** What happens to every request around its route: id, key, usage row, log line. In this order. */
export function installHooks(fastify: FastifyInstance, parts: ApiParts, origin: Origin): void {
  // A route that forgot to say what key it needs must not exist.
  fastify.addHook('onRoute', route => {
    const { scope, bodyLimit } = route.config ?? {};
    if (route.url.startsWith('/v1/') && scope === undefined) throw new Error(`${route.url} names no scope`);
    if (bodyLimit !== undefined) route.bodyLimit = bodyLimit;
  });

  fastify.addHook('onRequest', async (request, reply) => {
    reply.header('x-request-id', request.id);
    const { scope, cors } = request.routeOptions.config;
    if (cors === true) reply.headers(CORS);
    // Before the body is read: strangers cost us no parsing, and learn nothing of what a route takes.
    if (scope !== undefined) await authorize(request, scope, parts);
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
