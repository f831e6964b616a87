import { applyDecorators, createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { ROUTE_ARGS_METADATA } from '@nestjs/common/constants';
import { RouteParamtypes } from '@nestjs/common/internal';
import { RouteConfig } from '@nestjs/platform-fastify';
import { ApiBearerAuth, ApiHeader } from '@nestjs/swagger';
import type { FastifyRequest } from 'fastify';
import type { Caller } from '#libs/accounts/find-caller';
import type { Scope } from '#libs/accounts/scopes';
import { refuse } from '#libs/problems/refusal';
import type { RouteSettings } from './request.ts';

/** The scope a key needs for this route. Every route under /v1 has one. */
export const Needs =
  (scope: Scope, settings: Omit<RouteSettings, 'scope' | 'takesQuery'> = {}): MethodDecorator =>
  (controller, handler, descriptor) => {
    const route: RouteSettings = { scope, takesQuery: readsQuery(controller.constructor, handler), ...settings };
    applyDecorators(RouteConfig(route), ApiBearerAuth('key'))(controller, handler, descriptor);
  };

/** Whether a parameter of the handler is a `@Query`; parameters are decorated before their method is. */
function readsQuery(controller: object, handler: string | symbol): boolean {
  const read: object = Reflect.getMetadata(ROUTE_ARGS_METADATA, controller, handler) ?? {};
  return Object.keys(read).some(key => key.startsWith(`${RouteParamtypes.QUERY}:`));
}

/** Documents what a changing route reads beside its body; `Guard` is what reads it. */
export const TakesKey = () =>
  applyDecorators(
    ApiHeader({
      name: 'Idempotency-Key',
      required: false,
      description: 'Your own name for this request, at most 64 characters: a repeat gets the first answer again, for 24 hours.',
    }),
    ApiHeader({
      name: 'X-Ebb-Client-Reference',
      required: false,
      description: 'At most 256 characters, written to every event this causes; `client_reference` in the body wins.',
    }),
  );

const requestOf = (context: ExecutionContext): FastifyRequest => context.switchToHttp().getRequest<FastifyRequest>();

export function callerOf(request: FastifyRequest): Caller {
  if (request.caller === undefined) throw new Error('a keyed route was reached without a caller');
  return request.caller;
}

/** Whose key the request bears. */
export const Calling = createParamDecorator((_: unknown, context: ExecutionContext) => callerOf(requestOf(context)));

/**
 * What a changing request says of itself beside its body: its Idempotency-Key, kept under the operation's name and
 * network (so aliases share it and networks do not), and the caller's reference.
 */
export interface Guarded {
  key: string | null;
  route: string;
  clientReference: string | null;
}

export const Guard = createParamDecorator((operation: string, context: ExecutionContext): Guarded => {
  const request = requestOf(context);
  return {
    key: headerOf(request, 'idempotency-key', 64),
    route: `${callerOf(request).network} ${operation}`,
    clientReference: headerOf(request, 'x-ebb-client-reference', 256),
  };
});

function headerOf(request: FastifyRequest, name: string, max: number): string | null {
  const value = request.headers[name];
  if (value === undefined) return null;
  const times = request.raw.rawHeaders.filter((text, at) => at % 2 === 0 && text.toLowerCase() === name).length;
  if (times > 1 || typeof value !== 'string' || !/^[\x20-\x7e]+$/.test(value) || value.length > max) {
    return refuse('invalid_request', { detail: `The header ${name} takes 1 to ${max} printable characters, once.` });
  }
  return value;
}
