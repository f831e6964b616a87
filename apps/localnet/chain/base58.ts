import { getBase58Decoder, getBase58Encoder } from '@solana/kit';

const decoder = getBase58Decoder();
const encoder = getBase58Encoder();

/** Bytes to base58 text. */
export const base58 = (bytes: Uint8Array): string => decoder.decode(bytes);

/** Base58 text to bytes; throws when a character is not of the alphabet. */
export const fromBase58 = (text: string): Uint8Array => new Uint8Array(encoder.encode(text));

const LIMIT = 20_000;
const toText = new Map<string, string>();
const toBytes = new Map<string, Uint8Array>();

/** An address as text; remembered, because the same few addresses come by in every transaction. */
export function addressText(bytes: Uint8Array): string {
  const key = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
  const known = toText.get(key);
  if (known !== undefined) return known;
  if (toText.size >= LIMIT) toText.clear();
  const text = base58(bytes);
  toText.set(key, text);
  return text;
}

/** An address as its 32 bytes. The text must be an address already. */
export function addressBytes(text: string): Uint8Array {
  const known = toBytes.get(text);
  if (known !== undefined) return known;
  if (toBytes.size >= LIMIT) toBytes.clear();
  const bytes = fromBase58(text);
  if (bytes.length !== 32) throw new Error(`not an address: ${text}`);
  toBytes.set(text, bytes);
  return bytes;
}
