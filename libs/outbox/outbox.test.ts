import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, expect, test } from 'vitest';
import type { Tx } from '#libs/db/database';
import { atoms } from '#libs/money/atoms';
import { ids } from '#test/support/books';
import { useDatabase } from '#test/support/database';
import { deleteLines, type NewLine, OUTBOX_CHANNEL, writeLine } from './lines.ts';
import { type NewEvent, writeEvent } from './write-event.ts';

const database = useDatabase({ max: 24 });
const accountId = ids.next('account');

beforeAll(async () => {
  await database.db.read.insertInto('accounts').values({ id: accountId, name: 'outbox' }).execute();
});

const eventOf = (objectId: string, over: Partial<NewEvent> = {}): NewEvent => ({
  kind: 'refund.created',
  network: 'solana-devnet',
  accountId,
  agent: 'mint',
  actor: { type: 'api_key', id: 'key_1' },
  object: { type: 'refund', id: objectId },
  data: { id: objectId, amount_atomic: '5' },
  ...over,
});
const lineOf = (workflowId: string, over: Partial<NewLine> = {}): NewLine => ({
  kind: 'start',
  workflowType: 'refundPayment',
  workflowId,
  input: { refundId: workflowId },
  search: { AccountId: accountId, NeedsAttention: false, RefundId: [workflowId] },
  summary: 'Refund',
  accountId,
  ...over,
});
/** A transaction that does its work and then comes to nothing. */
const abandoned = (work: (tx: Tx) => Promise<unknown>) =>
  database.db
    .tx('api.refund.accept', async tx => {
      await work(tx);
      throw new Error('abandoned');
    })
    .catch(error => expect(error.message).toBe('abandoned'));
const write = (work: (tx: Tx) => Promise<unknown>) => database.db.tx('api.refund.accept', work);

test('I6: numbers of one object are gapless in commit order, however many write at once and some give up', async () => {
  const object = ids.next('refund');
  await Promise.all(
    Array.from({ length: 40 }, (_, i) => {
      const work = (tx: Tx) => writeEvent(tx, ids, eventOf(object));
      return i % 4 === 0 ? abandoned(work) : write(work);
    }),
  );
  const rows = await database.db.read
    .selectFrom('events')
    .select('sequence')
    .where('object_id', '=', object)
    .orderBy('sequence')
    .execute();
  expect(rows.map(row => row.sequence)).toEqual(Array.from({ length: 30 }, (_, i) => String(i + 1)));
});

test('an event says everything it was told, and stays as it is', async () => {
  const object = ids.next('refund');
  const event = eventOf(object, {
    related: { payment_id: 'pay_1', refund_id: null },
    clientReference: 'order 7',
    txSig: 'sig',
    amount: atoms(18_446_744_073_709_551_615n),
    asset: 'usdc',
    data: { list: [1, 'two', null], nested: { '"': 'quote' } },
  });
  const written = await database.db.tx('api.refund.accept', tx => writeEvent(tx, ids, event));
  const row = await database.db.read.selectFrom('events').selectAll().where('id', '=', written.id).executeTakeFirstOrThrow();
  expect(written.sequence).toBe(1n);
  expect(row).toMatchObject({
    kind: 'refund.created',
    network: 'solana-devnet',
    account_id: accountId,
    agent: 'mint',
    actor_type: 'api_key',
    actor_id: 'key_1',
    object_type: 'refund',
    object_id: object,
    sequence: '1',
    related: { payment_id: 'pay_1', refund_id: null },
    client_reference: 'order 7',
    tx_sig: 'sig',
    amount: '18446744073709551615',
    asset: 'usdc',
    data: event.data,
  });
  const change = database.db.read.updateTable('events').set({ kind: 'refund.failed' }).where('id', '=', written.id).execute();
  await expect(change).rejects.toThrow('never updated or deleted');
});

test('a line is heard when its transaction commits, not before, not if it never does, not if it is for later', async () => {
  let heard = 0;
  const ear = await database.db.listen(OUTBOX_CHANNEL, () => heard++);
  try {
    heard = 0; // listening calls once by itself
    await abandoned(tx => writeLine(tx, lineOf('abandoned')));
    await write(tx => writeLine(tx, lineOf('later', { delayMs: 60_000 })));
    await write(async tx => {
      await writeLine(tx, lineOf('now'));
      await sleep(50);
      expect(heard).toBe(0);
    });
    await expect.poll(() => heard).toBe(1);
  } finally {
    await ear.close();
  }
  const lines = await database.db.read.selectFrom('outbox').select('workflow_id').orderBy('id').execute();
  expect(lines.map(line => line.workflow_id)).toEqual(['later', 'now']);
});

test('a line holds what the relay needs, and is due at once or after its delay', async () => {
  const [at, later] = ['due:now', 'due:later'];
  await write(tx => writeLine(tx, lineOf(at, { kind: 'wake', priority: 1 })));
  await write(tx => writeLine(tx, lineOf(later, { delayMs: 3_000 })));
  const line = await database.db.read.selectFrom('outbox').selectAll().where('workflow_id', '=', at).executeTakeFirstOrThrow();
  expect(line).toMatchObject({
    kind: 'wake',
    workflow_type: 'refundPayment',
    input: { refundId: at },
    search: { AccountId: accountId, NeedsAttention: false, RefundId: [at] },
    summary: 'Refund',
    account_id: accountId,
    priority: 1,
    attempts: 0,
    leased_until: null,
    last_error: null,
  });
  const due = await database.db.read
    .selectFrom('outbox')
    .select('workflow_id')
    .select(({ eb, fn }) => eb('next_at', '<=', fn<Date>('now')).as('due'))
    .where('workflow_id', 'in', [at, later])
    .orderBy('id')
    .execute();
  expect(due).toEqual([
    { workflow_id: at, due: true },
    { workflow_id: later, due: false },
  ]);
});

test('what was done in the transaction needs no line: all of one workflow go, no other', async () => {
  await write(tx => writeLine(tx, lineOf('done')));
  await write(tx => writeLine(tx, lineOf('done', { kind: 'wake' })));
  await write(tx => writeLine(tx, lineOf('done:other')));
  await abandoned(tx => deleteLines(tx, 'done'));
  expect(await database.db.tx('settle.record', tx => deleteLines(tx, 'done'))).toBe(2);
  const left = await database.db.read.selectFrom('outbox').select('workflow_id').where('workflow_id', 'like', 'done%').execute();
  expect(left).toEqual([{ workflow_id: 'done:other' }]);
});
