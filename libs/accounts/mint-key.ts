import type { Tx } from '#libs/db/database';
import type { Ids } from '#libs/ids/ids';
import type { Network } from '#libs/money/assets';
import { writeEvent } from '#libs/outbox/write-event';
import { keyHash, newKeyText, shownParts } from './key-format.ts';
import type { Scope } from './scopes.ts';

export interface NewKey {
  accountId: string;
  network: Network;
  label: string;
  scopes: readonly Scope[];
  expiresAt?: Date;
  /** Who asked for it; the command line when left out. */
  actor?: { type: string; id: string };
}

/** Writes a new API key and its event. The key's text is in the answer only: the database keeps its SHA-256. */
export async function mintKey(tx: Tx, ids: Ids, wanted: NewKey): Promise<{ id: string; key: string }> {
  const id = ids.next('key');
  const key = newKeyText(wanted.network);
  const { prefix, lastFour } = shownParts(key);
  const scopes = [...new Set(wanted.scopes)].sort();
  const { created_at } = await tx
    .insertInto('api_keys')
    .values({
      id,
      account_id: wanted.accountId,
      network: wanted.network,
      label: wanted.label,
      hash: keyHash(key),
      prefix,
      last_four: lastFour,
      scopes,
      expires_at: wanted.expiresAt ?? null,
    })
    .returning('created_at')
    .executeTakeFirstOrThrow();
  await writeEvent(tx, ids, {
    kind: 'api_key.created',
    network: wanted.network,
    accountId: wanted.accountId,
    actor: wanted.actor ?? { type: 'operator', id: 'cli' },
    object: { type: 'api_key', id },
    data: {
      id,
      network: wanted.network,
      label: wanted.label,
      prefix,
      last_four: lastFour,
      scopes,
      expires_at: wanted.expiresAt?.toISOString() ?? null,
      created_at: created_at.toISOString(),
    },
  });
  return { id, key };
}
