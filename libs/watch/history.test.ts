import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { Chain } from '#libs/chain/chain';
import type { Parts } from '#libs/parts';
import { ids, USDC } from '#test/support/books';
import { useDatabase } from '#test/support/database';
import { DeathLab, type Subject } from '#test/support/death-lab';
import { insertAgent, insertPayment, PACE } from '#test/support/rows';
import { watchFinality } from './finality.ts';

const at = useDatabase();
let lab: DeathLab;
beforeAll(async () => {
  lab = await DeathLab.start();
});
afterEach(() => lab.heal());
afterAll(() => lab.close());

const watch = (chain: Chain) =>
  watchFinality({
    db: at.db,
    ids,
    pace: PACE,
    clock: { now: () => new Date() },
    log: { info() {}, warn() {}, error() {} },
    chains: new Map([[USDC.network, chain]]),
    workflowUrl: () => null,
  } as unknown as Parts);

/** A settled payment's row for a transaction of the local chain, as *record* leaves it. */
async function recorded({ built, mark }: Subject): Promise<string> {
  await at.db.read.updateTable('payments').set({ finalized_at: new Date() }).execute();
  const { slot } = (await lab.lab.status(built, { searchTransactionHistory: true })) as { slot: number };
  const { id } = await insertPayment(at.db, await insertAgent(at.db), 100n);
  const { finalizedSlot: finalized_slot, finalizedHeight: finalized_height } = mark;
  const row = { slot, tx_sig: built.signature, finalized_slot, finalized_height };
  await at.db.read.updateTable('payments').set(row).where('id', '=', id).execute();
  return id;
}

async function expectSettled(id: string): Promise<void> {
  const row = await at.db.read.selectFrom('payments').select('status').where('id', '=', id).executeTakeFirstOrThrow();
  expect(row.status).toBe('settled');
  const told = await at.db.read.selectFrom('events').select('kind').where('object_id', '=', id).execute();
  expect(told.map(one => one.kind)).not.toContain('payment.reopened');
}

test('after an outage longer than the status cache, what has landed is finalized, and nothing is reopened', async () => {
  const tx = await lab.landedLongAgo();
  const id = await recorded(tx);
  await lab.lab.jump(400);
  expect(await lab.lab.status(tx.built), 'out of the cache').toBeNull();
  expect(await watch(lab.both)).toEqual({ finalized: 1, gone: 0 });
  await expectSettled(id);
});

const BLIND: [string, ...Record<string, unknown>[]][] = [
  ['a gap over all of it', { kind: 'gap', from_slot: 0, to_slot: 1_000_000_000 }],
  [
    'no status left, and a gap in its blocks',
    { kind: 'forget_statuses', history: true },
    { kind: 'lag', method: 'getBlocks', slots: 300 },
  ],
  ['no history to search', { kind: 'error_before_accept', method: 'getSignatureStatuses', code: -32011, message: 'none' }],
  ['no answer', { kind: 'unavailable' }],
];
test.each(BLIND)('a node with %s reopens nothing, and finalizes nothing', async (_what, ...faults) => {
  const tx = await lab.landedLongAgo();
  const id = await recorded(tx);
  for (const fault of faults) await lab.fault(fault);
  expect(await watch(lab.main)).toEqual({ finalized: 0, gone: 0 });
  await expectSettled(id);
  await lab.heal();
  expect(await watch(lab.main)).toEqual({ finalized: 1, gone: 0 });
});

test('what was confirmed and is gone from a history without a gap is reopened', async () => {
  await lab.fault({ kind: 'gone', seen: 'confirmed', method: 'sendTransaction', times: 1 });
  const tx = await lab.stored();
  await lab.lab.send(tx.built);
  await lab.lab.jump(3);
  const id = await recorded(tx);
  expect(await watch(lab.both)).toEqual({ finalized: 0, gone: 0 });
  await lab.lab.jump(60);
  expect(await watch(lab.main)).toEqual({ finalized: 0, gone: 1 });
  const row = await at.db.read.selectFrom('payments').select('status').where('id', '=', id).executeTakeFirstOrThrow();
  expect(row.status).toBe('pending');
});
