import { createHash, randomInt } from 'node:crypto';
import { crc32 } from 'node:zlib';
import type { Network } from '#libs/money/assets';

const PREFIXES = { 'solana-devnet': 'ebb_test_', 'solana-mainnet': 'ebb_live_' } as const satisfies Record<Network, string>;
const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
/** 30 characters of 62: 178 bits. */
const SECRET_LENGTH = 30;
const CHECKSUM_LENGTH = 6;
/** What may be shown of a key, to tell it from others. */
const SHOWN_LENGTH = 4;

/** A new key's text: prefix of its network, secret, and a checksum by which scanners recognise a leaked one. */
export function newKeyText(network: Network): string {
  let text: string = PREFIXES[network];
  for (let i = 0; i < SECRET_LENGTH; i++) text += ALPHABET[randomInt(ALPHABET.length)];
  return text + checksum(text);
}

/** The network and hash of a key's text; null for what Ebb never issued, which its checksum tells without the database. */
export function parseKey(text: string): { network: Network; hash: Buffer } | null {
  const read = /^(ebb_test_|ebb_live_)[0-9A-Za-z]{36}$/.exec(text);
  if (!read) return null;
  const split = text.length - CHECKSUM_LENGTH;
  if (checksum(text.slice(0, split)) !== text.slice(split)) return null;
  return { network: read[1] === PREFIXES['solana-devnet'] ? 'solana-devnet' : 'solana-mainnet', hash: keyHash(text) };
}

/** SHA-256 is enough for a secret that no one can guess; a slow hash is for passwords. */
export const keyHash = (text: string): Buffer => createHash('sha256').update(text).digest();

/** What is kept in the clear to tell keys apart: the first characters and the last four. */
export function shownParts(text: string): { prefix: string; lastFour: string } {
  const cut = PREFIXES['solana-devnet'].length + SHOWN_LENGTH;
  return { prefix: text.slice(0, cut), lastFour: text.slice(-SHOWN_LENGTH) };
}

/** CRC-32 in base 62, as GitHub's tokens end: for recognising, not for security. */
function checksum(text: string): string {
  let rest = crc32(text);
  let digits = '';
  for (let i = 0; i < CHECKSUM_LENGTH; i++) {
    digits = ALPHABET[rest % 62] + digits;
    rest = Math.floor(rest / 62);
  }
  return digits;
}
