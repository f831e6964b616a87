import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Network } from '#libs/money/assets';
import type { Atoms } from '#libs/money/atoms';
import type { Mint } from '#libs/money/solana-types';

/** What a memo promises: this resource, for this much of this asset. */
export interface MemoTerms {
  network: Network;
  /** The link's immutable internal id, never its slug. */
  linkId: string;
  mint: Mint;
  amount: Atoms;
}

const PREFIX = 'ebb:';
const SHAPE = /^ebb:([A-Za-z0-9_-]{22})$/;
const SECONDS_BYTES = 4;
export const RANDOM_BYTES = 4;
const TAG_BYTES = 8;
const SIGNED_BYTES = SECONDS_BYTES + RANDOM_BYTES;

/**
 * `ebb:` and 16 bytes in base64url, 26 ASCII characters: seconds since 1970, random, and the first 8 bytes of an
 * HMAC-SHA256 over both with the terms. It makes a payment findable on chain and bound to one resource, and an unpaid
 * request costs no row. A memo is charged by its length on chain: 32 bytes is what official clients leave room for.
 */
export function issueMemo(key: Uint8Array, terms: MemoTerms, now: Date, random: Uint8Array): string {
  const signed = Buffer.alloc(SIGNED_BYTES);
  signed.writeUInt32BE(Math.floor(now.getTime() / 1_000), 0);
  signed.set(random.subarray(0, RANDOM_BYTES), SECONDS_BYTES);
  return PREFIX + Buffer.concat([signed, tag(key, terms, signed)]).toString('base64url');
}

/** When we issued this memo for exactly these terms; null if we did not. */
export function memoIssuedAt(key: Uint8Array, terms: MemoTerms, memo: string): Date | null {
  const text = SHAPE.exec(memo)?.[1];
  if (text === undefined) return null;
  const bytes = Buffer.from(text, 'base64url');
  // 22 characters hold 4 bits more than 16 bytes: one memo has one spelling.
  if (bytes.length !== SIGNED_BYTES + TAG_BYTES || bytes.toString('base64url') !== text) return null;
  const signed = bytes.subarray(0, SIGNED_BYTES);
  if (!timingSafeEqual(bytes.subarray(SIGNED_BYTES), tag(key, terms, signed))) return null;
  return new Date(signed.readUInt32BE(0) * 1_000);
}

/**
 * What a v2 client echoes and the chain never shows (`extra.ebb`): an HMAC-SHA256 of the memo under a key of its own.
 * Who shows it was given the offer, and did not merely read the payment from the chain.
 */
export function proofSecret(key: Uint8Array, memo: string): string {
  return createHmac('sha256', key).update(memo).digest('base64url');
}

/** Compares in constant time. */
export function isProofSecret(key: Uint8Array, memo: string, shown: string): boolean {
  const expected = Buffer.from(proofSecret(key, memo));
  const given = Buffer.from(shown);
  return given.length === expected.length && timingSafeEqual(given, expected);
}

/** None of the parts can contain a line break, so that no two terms make the same text. */
function tag(key: Uint8Array, { network, linkId, mint, amount }: MemoTerms, signed: Uint8Array): Buffer {
  const terms = ['ebb-memo-v1', network, linkId, mint, String(amount), ''].join('\n');
  return createHmac('sha256', key).update(terms).update(signed).digest().subarray(0, TAG_BYTES);
}
