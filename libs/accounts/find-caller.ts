import type { Reader } from '#libs/db/database';
import type { Network } from '#libs/money/assets';
import { isScope, type Scope } from './scopes.ts';

/** Who is calling, by their key. Whether the key still counts (expired, revoked, account suspended) is for the caller to judge. */
export interface Caller {
  keyId: string;
  accountId: string;
  network: Network;
  scopes: Set<Scope>;
  expiresAt: Date | null;
  revokedAt: Date | null;
  accountStatus: 'active' | 'suspended';
}

/** The caller whose key has this hash, or null. Reads the database each time: a revoked key ends at once, everywhere. */
export async function findCaller(reader: Reader, hash: Buffer): Promise<Caller | null> {
  const row = await reader
    .selectFrom('api_keys')
    .innerJoin('accounts', 'accounts.id', 'api_keys.account_id')
    .select([
      'api_keys.id',
      'api_keys.account_id',
      'api_keys.network',
      'api_keys.scopes',
      'api_keys.expires_at',
      'api_keys.revoked_at',
      'accounts.status',
    ])
    .where('api_keys.hash', '=', hash)
    .executeTakeFirst();
  if (!row) return null;
  return {
    keyId: row.id,
    accountId: row.account_id,
    network: row.network as Network,
    scopes: new Set(row.scopes.filter(isScope)),
    expiresAt: row.expires_at,
    revokedAt: row.revoked_at,
    accountStatus: row.status as Caller['accountStatus'],
  };
}
