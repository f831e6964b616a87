import { createPrivateKey, createPublicKey, type KeyObject, sign } from 'node:crypto';
import { addressText } from './base58.ts';

/** An ed25519 key of the local chain itself. Signs synchronously, so that an act of the chain is one step. */
export type ChainKey = { address: string; publicKey: Uint8Array; sign(message: Uint8Array): Uint8Array };

const PKCS8_ED25519 = Buffer.from('302e020100300506032b657004220420', 'hex');

/** The key of a 32-byte seed. */
export function chainKey(seed: Uint8Array): ChainKey {
  const secret: KeyObject = createPrivateKey({ key: Buffer.concat([PKCS8_ED25519, seed]), format: 'der', type: 'pkcs8' });
  const publicKey = new Uint8Array(createPublicKey(secret).export({ format: 'der', type: 'spki' }).subarray(-32));
  return { address: addressText(publicKey), publicKey, sign: message => new Uint8Array(sign(null, message, secret)) };
}
