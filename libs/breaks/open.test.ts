import { expect, test } from 'vitest';
import { atoms } from '#libs/money/atoms';
import { ids, USDC } from '#test/support/books';
import { useDatabase } from '#test/support/database';
import { insertAgent } from '#test/support/rows';
import { type NewBreak, openBreak } from './open.ts';

const at = useDatabase();

const about = (accountId: string, over: Partial<NewBreak> = {}): NewBreak => ({
  kind: 'payment_reversed',
  accountId,
  network: USDC.network,
  agent: null,
  object: { type: 'payment', id: ids.next('payment') },
  asset: USDC.mint,
  expected: atoms(100n),
  found: atoms(0n),
  detail: { tx_sig: 'sig' },
  actor: { type: 'workflow', id: 'test' },
  ...over,
});
const open = (found: NewBreak) => at.db.tx('settle.reverse', tx => openBreak(tx, ids, found));
const eventsOf = (id: string) =>
  at.db.read.selectFrom('events').select(['kind', 'sequence', 'data']).where('object_id', '=', id).execute();

test('a break is opened once, however often and however differently it is found, and told once', async () => {
  const { accountId } = await insertAgent(at.db);
  const found = about(accountId);
  const id = await open(found);
  expect(id).toMatch(/^brk_/);
  expect(await open(found)).toBeNull();
  expect(await open({ ...found, expected: atoms(7n) })).toBeNull();
  const rows = await at.db.read.selectFrom('breaks').selectAll().where('object_id', '=', found.object.id).execute();
  expect(rows).toMatchObject([{ id, kind: 'payment_reversed', expected: '100', found: '0', status: 'open', closed_at: null }]);
  expect(await eventsOf(id ?? '')).toMatchObject([
    {
      kind: 'reconciliation.break_opened',
      sequence: '1',
      data: { id, object: found.object, expected_atomic: '100', found_atomic: '0', status: 'open', detail: { tx_sig: 'sig' } },
    },
  ]);
});

test('another kind of break about the same object is another break; one that people have closed stays closed', async () => {
  const { accountId } = await insertAgent(at.db);
  const found = about(accountId);
  const id = await open(found);
  expect(await open({ ...found, kind: 'another' })).not.toBeNull();
  await at.db.read
    .updateTable('breaks')
    .set({ status: 'closed', closed_at: new Date() })
    .where('id', '=', id ?? '')
    .execute();
  expect(await open(found)).toBeNull();
  expect(await eventsOf(id ?? '')).toHaveLength(1);
});

test('two who find it at once open one', async () => {
  const { accountId } = await insertAgent(at.db);
  const found = about(accountId);
  const opened = await Promise.all(Array.from({ length: 6 }, () => open(found)));
  expect(opened.filter(id => id !== null)).toHaveLength(1);
});

test('a break rolls back with the transaction that found it', async () => {
  const { accountId } = await insertAgent(at.db);
  const found = about(accountId);
  await expect(
    at.db.tx('settle.reverse', async tx => {
      await openBreak(tx, ids, found);
      throw new Error('undone');
    }),
  ).rejects.toThrow('undone');
  expect(await open(found)).not.toBeNull();
});
