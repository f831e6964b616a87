import type { FastifyInstance, FastifyRequest } from 'fastify';
import { refuse } from '#libs/problems/refusal';

/**
 * One reader for every body: JSON where nothing else is said, text for routes that take other types, bytes for those
 * that pass them on. In place of the framework's own, which refuse a type before a route could want it.
 */
export function readBodies(fastify: FastifyInstance): void {
  const json = fastify.getDefaultJsonParser('error', 'error');
  fastify.removeAllContentTypeParsers();
  fastify.addContentTypeParser('*', { parseAs: 'buffer' }, (request, body, done) => {
    const settings = request.routeOptions.config;
    const bytes = body as Buffer;
    if (settings.raw === true) return done(null, bytes);
    if (bytes.length === 0) return done(null, undefined);
    try {
      const type = mediaType(request);
      if (!/^(identity)?$/i.test(request.headers['content-encoding'] ?? '')) refuse('media_type_unsupported');
      const text = decode(bytes);
      if (settings.texts?.includes(type) === true) return done(null, text);
      if (type !== 'application/json') refuse('media_type_unsupported');
      json(request, text, done);
    } catch (error) {
      done(error as Error);
    }
  });
}

export const mediaType = (request: FastifyRequest): string =>
  (request.headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';

function decode(bytes: Buffer): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return refuse('invalid_request', { detail: 'The body is not UTF-8.' });
  }
}
