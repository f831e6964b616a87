import { randomBytes } from 'node:crypto';
import {
  createKeyPairSignerFromBytes,
  createKeyPairSignerFromPrivateKeyBytes,
  getAddressEncoder,
  type KeyPairSigner,
} from '@solana/kit';
import type { Reader } from '#libs/db/database';
import { asOwner, type Owner } from '#libs/money/solana-types';
import type { Sealer } from '#libs/secrets/sealer';

/** A new key pair for a managed treasury: its address, and its 64 bytes (secret, public) sealed for the database. */
export async function newTreasuryKey(sealer: Sealer): Promise<{ owner: Owner; sealed: Buffer }> {
  const secret = randomBytes(32);
  const signer = await createKeyPairSignerFromPrivateKeyBytes(secret);
  const pair = Buffer.concat([secret, Buffer.from(getAddressEncoder().encode(signer.address))]);
  const sealed = sealer.seal(pair);
  secret.fill(0);
  pair.fill(0);
  return { owner: asOwner(signer.address), sealed };
}

/**
 * The signer of a managed treasury. Throws for a treasury whose key we do not have, and when the sealed key is not the
 * owner's: a row that was given another's key must not sign.
 */
export async function openSigner(reader: Reader, sealer: Sealer, treasuryId: string): Promise<KeyPairSigner> {
  const row = await reader
    .selectFrom('treasuries')
    .select(['owner', 'sealed_key'])
    .where('id', '=', treasuryId)
    .executeTakeFirst();
  if (!row) throw new Error(`no treasury ${treasuryId}`);
  if (!row.sealed_key) throw new Error(`treasury ${treasuryId} signs for itself`);
  const signer = await createKeyPairSignerFromBytes(sealer.open(row.sealed_key));
  if (signer.address !== row.owner) throw new Error(`the sealed key of treasury ${treasuryId} is not its owner's`);
  return signer;
}
