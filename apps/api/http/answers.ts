import { applyDecorators, HttpCode } from '@nestjs/common';
import { ApiNoContentResponse, ApiResponse } from '@nestjs/swagger';
import type { ZodType } from 'zod';
import { PROBLEMS, type ProblemCode } from '#libs/problems/catalogue';

/** What any route may refuse that needs a key. */
export const KEYED: readonly ProblemCode[] = [
  'invalid_request',
  'key_missing',
  'key_invalid',
  'key_expired',
  'key_wrong_network',
  'scope_missing',
  'account_not_active',
  'uri_too_long',
  'rate_limited',
  'internal',
  'database_unavailable',
  'network_not_configured',
];

/** What a keyed route may refuse besides when it reads a body under an Idempotency-Key. */
export const WRITING: readonly ProblemCode[] = [
  ...KEYED,
  'body_too_large',
  'media_type_unsupported',
  'idempotency_body_mismatch',
  'idempotency_in_flight',
];

/** Why a price text is refused. */
export const PRICES: readonly ProblemCode[] = [
  'unparseable_price',
  'price_currency_mismatch',
  'price_not_positive',
  'price_too_large',
];

/** What a route answers, for the document that callers and our own tests hold it to: its good answer and its refusals. */
export function Answers(status: number, schema: ZodType | null, refusals: readonly ProblemCode[]) {
  const good =
    schema === null
      ? ApiNoContentResponse({ description: 'Done.' })
      : ApiResponse({ status, description: 'Done.', standardSchema: schema });
  return applyDecorators(HttpCode(status), good, ...refusalResponses(refusals));
}

/** Another good answer of the same shape. */
export const Also = (status: number, description: string, schema: ZodType) =>
  ApiResponse({ status, description, standardSchema: schema });

/** The refusals of a route, by status, with their codes named. */
export function refusalResponses(codes: readonly ProblemCode[]) {
  const byStatus = Map.groupBy(new Set(codes), code => PROBLEMS[code].status);
  return [...byStatus].map(([status, group]) =>
    ApiResponse({
      status,
      description: group.map(code => `\`${code}\`: ${PROBLEMS[code].title}.`).join(' '),
      content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
    }),
  );
}
