import type { IncomingMessage, ServerResponse } from 'node:http';
import { bodyOf, reply } from '../http.ts';
import { toJson } from '../rpc/call.ts';
import { type AdminContext, ROUTES } from './routes.ts';

const MAX_BODY = 100_000;

/** Serves the admin endpoint: JSON in, JSON out. */
export const serveAdmin = (context: AdminContext) => async (request: IncomingMessage, response: ServerResponse) => {
  const path = (request.url ?? '/').split('?')[0] ?? '/';
  const route = ROUTES.get(`${request.method} ${path}`);
  if (!route)
    return reply(
      response,
      404,
      'application/json',
      toJson({ error: `no such thing; there is ${[...ROUTES.keys()].join(', ')}` }),
    );
  try {
    const text = (await bodyOf(request, MAX_BODY)) ?? '';
    const body: unknown = text === '' ? {} : JSON.parse(text);
    const answer = await route(context, body);
    await context.chain.store.settled();
    reply(response, 200, 'application/json', toJson(answer ?? { ok: true }));
  } catch (error) {
    reply(response, 400, 'application/json', toJson({ error: error instanceof Error ? error.message : String(error) }));
  }
};
