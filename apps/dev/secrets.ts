import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { z } from 'zod';

/** What a deployment would keep in its secret store, under the names of the settings they become. */
const Secrets = z.object({
  EBB_MASTER_KEY: z.string(),
  EBB_SPONSOR_KEY: z.string(),
  EBB_FEE_PAYER_KEY: z.string(),
  EBB_FACILITATOR_TOKEN: z.string(),
});

export type Secrets = z.infer<typeof Secrets>;

/** Made once and kept, since what they have encrypted or funded must stay usable. Only its owner can read the file. */
export function keptSecrets(file: string): Secrets {
  if (!existsSync(file)) writeFileSync(file, `${JSON.stringify(newSecrets(), null, 2)}\n`, { mode: 0o600, flag: 'wx' });
  return Secrets.parse(JSON.parse(readFileSync(file, 'utf8')));
}

/** Secrets that nobody has used yet. */
export function newSecrets(): Secrets {
  return {
    EBB_MASTER_KEY: randomBytes(32).toString('base64'),
    EBB_SPONSOR_KEY: newSolanaKey(),
    EBB_FEE_PAYER_KEY: newSolanaKey(),
    EBB_FACILITATOR_TOKEN: randomBytes(24).toString('base64url'),
  };
}

/** An ed25519 key pair as Solana's tools write it: 32 secret bytes, then the 32 of the address. Base64. */
function newSolanaKey(): string {
  const { d, x } = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' });
  if (d === undefined || x === undefined) throw new Error('an ed25519 key has both halves');
  return Buffer.concat([Buffer.from(d, 'base64url'), Buffer.from(x, 'base64url')]).toString('base64');
}
