import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';

/** SHA-256 over the RFC 8785 form of a JSON value: the same for the same content, however it was spaced or ordered. */
export function canonicalHash(body: unknown): Buffer {
  const text = canonicalize(body ?? null);
  if (text === undefined) throw new TypeError('not a JSON value');
  return createHash('sha256').update(text).digest();
}
