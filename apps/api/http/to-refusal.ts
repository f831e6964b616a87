import { HttpException } from '@nestjs/common';
import { ChainUnavailable } from '#libs/chain/chain';
import { isOutage, sqlState } from '#libs/db/database';
import type { ProblemCode } from '#libs/problems/catalogue';
import { Refusal } from '#libs/problems/refusal';

const BY_STATUS = new Map<number, ProblemCode>([
  [400, 'invalid_request'],
  [404, 'not_found'],
  [405, 'method_not_allowed'],
  [413, 'body_too_large'],
  [414, 'uri_too_long'],
  [415, 'media_type_unsupported'],
  [429, 'rate_limited'],
  [431, 'headers_too_large'],
]);

/** Out of connections, memory or disk; gone read-only in a failover: as good as not reachable. */
const NO_SERVICE = /^(53|25006)/;

/** What the caller is told of an error, whoever threw it. Whatever is not meant for callers becomes `internal`. */
export function toRefusal(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  if (isOutage(error) || NO_SERVICE.test(sqlState(error) ?? '')) return new Refusal('database_unavailable');
  if (error instanceof ChainUnavailable) return new Refusal('chain_unavailable');
  const code = BY_STATUS.get(statusOf(error));
  if (code === undefined) return new Refusal('internal');
  return code === 'invalid_request' ? new Refusal(code, { detail: frameworkDetail(error) }) : new Refusal(code);
}

function statusOf(error: unknown): number {
  if (error instanceof HttpException) return error.getStatus();
  if (error instanceof Error && 'statusCode' in error && typeof error.statusCode === 'number') return error.statusCode;
  return 500;
}

/** The framework's own words about a broken body or path: they speak of the request only. */
const frameworkDetail = (error: unknown): string => (error instanceof Error ? error.message : 'The request cannot be read.');
