import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { expand } from './derive.ts';

/** Envelope encryption for what lies in the database: treasury keys, webhook secrets. */
export interface Sealer {
  /** Two seals of one secret differ. */
  seal(plain: Uint8Array): Buffer;
  /** Throws when the bytes were changed, cut short, or sealed under another master key. */
  open(sealed: Uint8Array): Uint8Array;
}

const VERSION = 1;
const IV = 12;
const TAG = 16;
const DATA_KEY = 32;
const WRAPPED_KEY = IV + DATA_KEY + TAG;

/**
 * A sealer under a master key (base64, 32 bytes). Each secret has a data key of its own, so that changing the master key
 * means wrapping those again and not the secrets. Layout: version (1) · wrapped data key (60) · iv (12) · text · tag (16),
 * both parts AES-256-GCM with the version byte as associated data.
 */
export function sealer(masterKey: string): Sealer {
  const master = expand(masterKey, 'seal');
  return {
    seal(plain) {
      const dataKey = randomBytes(DATA_KEY);
      return Buffer.concat([Buffer.of(VERSION), encrypt(master, dataKey), encrypt(dataKey, plain)]);
    },
    open(sealed) {
      if (sealed[0] !== VERSION) throw new Error(`sealed secret of unknown version ${sealed[0]}`);
      const dataKey = decrypt(master, sealed.subarray(1, 1 + WRAPPED_KEY));
      return decrypt(dataKey, sealed.subarray(1 + WRAPPED_KEY));
    },
  };
}

function encrypt(key: Uint8Array, plain: Uint8Array): Buffer {
  const iv = randomBytes(IV);
  const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(Buffer.of(VERSION));
  return Buffer.concat([iv, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}

function decrypt(key: Uint8Array, box: Uint8Array): Buffer {
  if (box.length < IV + TAG) throw new Error('sealed secret is cut short');
  const decipher = createDecipheriv('aes-256-gcm', key, box.subarray(0, IV), { authTagLength: TAG });
  decipher.setAAD(Buffer.of(VERSION)).setAuthTag(box.subarray(box.length - TAG));
  return Buffer.concat([decipher.update(box.subarray(IV, box.length - TAG)), decipher.final()]);
}
