import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';

/** RFC 8785 canonical JSON. Throws on what has none (lone surrogates, numbers that are not finite, cycles). */
export function canonicalJson(value: unknown): string {
  const text = canonicalize(value);
  if (text === undefined) throw new TypeError('this value has no JSON form');
  return text;
}

/** The hash of a receipt, which may bear it already: lower-case hex SHA-256 over its canonical JSON without `receipt_hash`. */
export function receiptHash(receipt: object): string {
  const { receipt_hash: _, ...rest } = receipt as Record<string, unknown>;
  return createHash('sha256').update(canonicalJson(rest)).digest('hex');
}

/** The form of `request.body_hash` and `response.body_hash`; null stays null, as for a request without a body. */
export function bodyHash(body: Uint8Array | string | null): string | null {
  return body === null ? null : `sha256:${createHash('sha256').update(body).digest('hex')}`;
}
