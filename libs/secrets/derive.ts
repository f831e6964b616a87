import { hkdfSync } from 'node:crypto';

/** What a server key is for; each purpose has its own, so that none says anything about another. */
export type KeyLabel = 'memo' | 'proof' | 'status' | 'cursor';

/** A 32-byte key for one purpose from the master key (base64, 32 bytes), by HKDF-SHA256 (RFC 5869). */
export function derive(masterKey: string, label: KeyLabel): Buffer {
  return expand(masterKey, label);
}

/** Also for the purposes that never leave this folder. */
export function expand(masterKey: string, label: KeyLabel | 'seal'): Buffer {
  const secret = Buffer.from(masterKey, 'base64');
  if (secret.length !== 32) throw new Error('the master key must be 32 bytes in base64');
  return Buffer.from(hkdfSync('sha256', secret, Buffer.alloc(0), `ebb:v1:${label}`, 32));
}
