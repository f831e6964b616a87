import { createPublicKey, verify } from 'node:crypto';
import { type Address, getAddressEncoder } from '@solana/kit';

/** DER of an ed25519 public key, up to the key itself (RFC 8410). */
const SPKI_ED25519 = Buffer.from('302a300506032b6570032100', 'hex');

/** Whether the address signed these bytes (ed25519). Never throws: an address off the curve has signed nothing. */
export function isSignedBy(address: Address, bytes: Uint8Array, signature: Uint8Array): boolean {
  try {
    const key = createPublicKey({
      key: Buffer.concat([SPKI_ED25519, Buffer.from(getAddressEncoder().encode(address))]),
      format: 'der',
      type: 'spki',
    });
    return verify(null, bytes, key, signature);
  } catch {
    return false;
  }
}
