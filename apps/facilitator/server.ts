import { createHash, timingSafeEqual } from 'node:crypto';
import { type FastifyInstance, type FastifyReply, type FastifyRequest, fastify } from 'fastify';
import { ACCOUNT_HEADER } from '#libs/paywall/facilitator-client';
import { Outage, settle, supported, verify } from './facilitate.ts';
import type { FacilitatorParts } from './parts.ts';
import { readiness } from './readiness.ts';

const MAX_BODY_BYTES = 32_768;
const MAX_ACCOUNT_CHARS = 128;

/** The HTTP side: x402's three routes, of which only `/supported` is open to strangers. */
export function openServer(parts: FacilitatorParts): FastifyInstance {
  const server = fastify({ bodyLimit: MAX_BODY_BYTES, logger: false, requestIdHeader: 'x-request-id' });
  const guarded = { onRequest: guard(parts.token) };

  server.get('/healthz', () => ({ status: 'ok' }));
  server.get('/readyz', async (_, reply) => {
    const state = await readiness(parts);
    return reply.code(state.ready ? 200 : 503).send(state);
  });
  server.get('/supported', () => supported(parts));
  server.post('/verify', guarded, request => verify(parts, request.body, accountOf(request)));
  server.post('/settle', guarded, request => settle(parts, request.body, accountOf(request)));
  server.setNotFoundHandler((_, reply) => reply.code(404).send({ error: 'not_found' }));
  server.setErrorHandler<Error & { statusCode?: number }>((error, request, reply) => answerError(parts, error, request, reply));
  server.addHook('onResponse', async (request, reply) => {
    const { url: path } = request.routeOptions;
    parts.log.info(
      { request_id: request.id, method: request.method, path, status: reply.statusCode, ms: reply.elapsedTime },
      'answered',
    );
  });
  return server;
}

/** Compares hashes, so that neither the token's length nor its beginning shows in the time taken. */
function guard(token: string) {
  const hash = (text: string) => createHash('sha256').update(text).digest();
  const expected = hash(`Bearer ${token}`);
  return async (request: FastifyRequest, reply: FastifyReply) => {
    if (timingSafeEqual(hash(request.headers.authorization ?? ''), expected)) return;
    return reply.code(401).header('www-authenticate', 'Bearer').send({ error: 'unauthorized' });
  };
}

function accountOf({ headers }: FastifyRequest): string | null {
  const named = headers[ACCOUNT_HEADER];
  return typeof named === 'string' && named !== '' && named.length <= MAX_ACCOUNT_CHARS ? named : null;
}

function answerError(
  { log }: FacilitatorParts,
  error: Error & { statusCode?: number },
  request: FastifyRequest,
  reply: FastifyReply,
) {
  const status = error instanceof Outage ? 503 : (error.statusCode ?? 500);
  log[status >= 500 ? 'error' : 'info']({ request_id: request.id, err: error }, 'a request failed');
  const told = error instanceof Outage ? 'unavailable' : status < 500 ? 'invalid_request' : 'internal';
  return reply.code(status).send({ error: told });
}
