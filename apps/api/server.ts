import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { CallCounter } from '#libs/links/count-calls';
import { apiModule } from './api.module.ts';
import { serveReference } from './docs/reference.ts';
import { readBodies } from './http/body.ts';
import { refuseBytes } from './http/client-error.ts';
import { installHooks } from './http/hooks.ts';
import { rememberMethods } from './http/methods.ts';
import { nestLog } from './http/nest-log.ts';
import { UnknownRouteFilter } from './http/not-found.ts';
import { Origin } from './http/origin.ts';
import { ProblemFilter } from './http/problem-filter.ts';
import { shapeProblem } from './http/send-problem.ts';
import { toRefusal } from './http/to-refusal.ts';
import { SchemaPipe } from './http/validation.ts';
import type { ApiParts } from './parts.ts';

const BODY_LIMIT_BYTES = 1024 * 1024;
/** How often calls of links, counted in memory, are written. */
const FLUSH_MS = 5_000;
/** Longer than any id, slug or hash of ours. */
const MAX_PARAM_LENGTH = 128;

export interface Api {
  app: NestFastifyApplication;
  origin: Origin;
  /** Listens, and returns the URL it is reached at. Port 0 takes a free one. */
  listen(host: string, port: number): Promise<string>;
  /** Writes the calls of links that were counted so far. */
  flushCalls(): Promise<void>;
  close(): Promise<void>;
}

/** Builds the API over opened parts, ready to listen or to be injected into. Opens and closes none of the parts. */
export async function openApi(parts: ApiParts): Promise<Api> {
  const origin = new Origin(parts.config.EBB_PUBLIC_URL);
  const adapter = new FastifyAdapter({
    bodyLimit: BODY_LIMIT_BYTES,
    routerOptions: { maxParamLength: MAX_PARAM_LENGTH },
    genReqId: () => parts.ids.next('request'),
    clientErrorHandler: refuseBytes(parts, origin),
    // The router's own refusals, before any hook: a URL that is none.
    frameworkErrors: (error: Error, ...rest: unknown[]) => refuseUrl(error, rest as [FastifyRequest, FastifyReply], origin),
  });
  const fastify = adapter.getInstance<FastifyInstance>();
  const methods = rememberMethods(fastify);
  installHooks(fastify, parts, origin);
  readBodies(fastify);

  const calls = new CallCounter(parts.clock);
  const flush = () => calls.flush(parts.db).catch(error => parts.log.warn({ err: error }, 'calls were not counted yet'));
  const flushing = setInterval(flush, FLUSH_MS).unref();
  const app = await NestFactory.create<NestFastifyApplication>(apiModule(parts, origin, calls), adapter, {
    bodyParser: false,
    logger: nestLog(parts.log),
    abortOnError: false,
  });
  const filter = new ProblemFilter(parts.log, origin);
  app.useGlobalFilters(filter, new UnknownRouteFilter(filter, methods.refuseIfKnown));
  app.useGlobalPipes(new SchemaPipe());
  serveReference(app);
  await app.init();
  await fastify.ready();
  return {
    app,
    origin,
    async listen(host, port) {
      await app.listen(port, host);
      const url = new URL(await app.getUrl()).origin;
      if (parts.config.EBB_PUBLIC_URL === undefined) origin.url = url;
      return url;
    },
    flushCalls: flush,
    async close() {
      await app.close();
      clearInterval(flushing);
      await flush();
    },
  };
}

function refuseUrl(error: Error, [request, reply]: [FastifyRequest, FastifyReply], origin: Origin): void {
  reply.header('x-request-id', request.id);
  void reply.send(shapeProblem(request, reply, toRefusal(error), origin.url));
}
