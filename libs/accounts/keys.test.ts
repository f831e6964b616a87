import { expect, test } from 'vitest';
import { ids } from '#test/support/books';
import { useDatabase } from '#test/support/database';
import { ensureAccount } from './ensure-account.ts';
import { findCaller } from './find-caller.ts';
import { keyHash, parseKey } from './key-format.ts';
import { mintKey } from './mint-key.ts';
import { SCOPES } from './scopes.ts';

const database = useDatabase({ max: 16 });
const account = (name: string) => database.db.tx('cli.key.mint', tx => ensureAccount(tx, ids, name));

test('a minted key is found by its hash, with its scopes; the database holds no key', async () => {
  const accountId = await account('one');
  const expiresAt = new Date('2030-01-01T00:00:00.000Z');
  const wanted = {
    accountId,
    network: 'solana-mainnet',
    label: 'shop',
    scopes: ['refunds:read', 'refunds:read'],
    expiresAt,
  } as const;
  const { id, key } = await database.db.tx('cli.key.mint', tx => mintKey(tx, ids, wanted));
  const caller = await findCaller(database.db.read, parseKey(key)?.hash ?? Buffer.alloc(0));
  expect(caller).toEqual({
    keyId: id,
    accountId,
    network: 'solana-mainnet',
    scopes: new Set(['refunds:read']),
    expiresAt,
    revokedAt: null,
    accountStatus: 'active',
  });
  const row = await database.db.read.selectFrom('api_keys').selectAll().where('id', '=', id).executeTakeFirstOrThrow();
  expect(JSON.stringify(row)).not.toContain(key.slice(14, -4));
  expect(row).toMatchObject({ prefix: key.slice(0, 13), last_four: key.slice(-4), label: 'shop' });
});

test('I6: a new key is told, without its secret', async () => {
  const accountId = await account('told');
  const wanted = { accountId, network: 'solana-devnet', label: 'told', scopes: SCOPES } as const;
  const { id, key } = await database.db.tx('cli.key.mint', tx => mintKey(tx, ids, wanted));
  const event = await database.db.read.selectFrom('events').selectAll().where('object_id', '=', id).executeTakeFirstOrThrow();
  expect(event).toMatchObject({ kind: 'api_key.created', account_id: accountId, object_type: 'api_key', sequence: '1' });
  expect(event.data).toMatchObject({ id, label: 'told', scopes: [...SCOPES].sort(), expires_at: null });
  expect(JSON.stringify(event)).not.toContain(key.slice(14, -4));
});

test('an unknown hash is nobody; suspension and revocation are told to who asks', async () => {
  expect(await findCaller(database.db.read, keyHash('nobody'))).toBeNull();
  const accountId = await account('suspended');
  const wanted = { accountId, network: 'solana-devnet', label: 'old', scopes: ['audit:read'] } as const;
  const { id, key } = await database.db.tx('cli.key.mint', tx => mintKey(tx, ids, wanted));
  const at = new Date('2026-11-01T00:00:00.000Z');
  await database.db.read.updateTable('api_keys').set({ revoked_at: at }).where('id', '=', id).execute();
  await database.db.read.updateTable('accounts').set({ status: 'suspended' }).where('id', '=', accountId).execute();
  expect(await findCaller(database.db.read, keyHash(key))).toMatchObject({ revokedAt: at, accountStatus: 'suspended' });
});

test('one name is one account, also when many ask at once', async () => {
  const made = await Promise.all(Array.from({ length: 16 }, () => account('crowd')));
  expect(new Set(made).size).toBe(1);
  expect(await account('crowd ')).not.toBe(made[0]);
});
