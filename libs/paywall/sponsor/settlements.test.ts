import { randomBytes } from 'node:crypto';
import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { asSignature } from '#libs/money/solana-types';
import { useDatabase } from '#test/support/database';
import type { Budgets } from './budgets.ts';
import { findSettlement, type NewSettlement, resolveSettlement, storeSettlement } from './settlements.ts';

const books = useDatabase();
const limits = (lamports: bigint) => ({ hour: lamports, day: lamports * 2n });
const BUDGETS: Budgets = { payer: limits(30_000n), account: limits(50_000n) };
const fresh = (change: Partial<NewSettlement> = {}): NewSettlement => ({
  messageHash: randomBytes(32),
  network: 'solana-devnet',
  signature: asSignature(randomBytes(32).toString('hex')),
  wire: randomBytes(200),
  payer: `payer ${randomBytes(4).toString('hex')}`,
  account: `acct ${randomBytes(4).toString('hex')}`,
  lamports: 10_000n,
  requirements: { scheme: 'exact' },
  ...change,
});
const store = (settlement: NewSettlement) => books.db.tx('facilitator.store', tx => storeSettlement(tx, BUDGETS, settlement));
const age = (settlement: NewSettlement, hours: number) =>
  books.db.tx('facilitator.store', tx =>
    tx
      .updateTable('facilitator_settlements')
      .set({ created_at: sql<Date>`now() - ${hours} * interval '1 hour'` })
      .where('message_hash', '=', settlement.messageHash)
      .execute(),
  );

test('the first bytes stored for a message are the ones to send, however many come', async () => {
  const first = fresh();
  expect(await store(first)).toMatchObject({ kind: 'stored', settlement: { wire: first.wire, outcome: 'sent' } });
  const again = await store({ ...first, wire: randomBytes(200), signature: asSignature('another') });
  expect(again).toMatchObject({ kind: 'stored', settlement: { wire: first.wire, signature: first.signature } });
});

test('many at once store one row and all get the same bytes', async () => {
  const one = fresh();
  const all = await Promise.all(Array.from({ length: 12 }, () => store({ ...one, wire: randomBytes(200) })));
  const wires = new Set(all.map(stored => (stored.kind === 'stored' ? stored.settlement.wire.toString('hex') : stored.kind)));
  expect(wires.size).toBe(1);
});

test('a payer’s budget: the fourth payment of the hour is refused, an hour later it is not', async () => {
  const { payer } = fresh();
  const three = [fresh({ payer }), fresh({ payer }), fresh({ payer })];
  for (const one of three) expect(await store(one)).toMatchObject({ kind: 'stored' });
  expect(await store(fresh({ payer }))).toEqual({ kind: 'spent', whose: 'payer' });
  expect(await store(fresh({ payer, network: 'solana-mainnet' }))).toMatchObject({ kind: 'stored' });
  for (const one of three) await age(one, 2);
  expect(await store(fresh({ payer }))).toMatchObject({ kind: 'stored' });
});

test('an account’s budget counts all its payers, over the day as well', async () => {
  const { account } = fresh();
  for (let day = 0; day < 2; day++) {
    for (let n = 0; n < 5; n++) {
      const one = fresh({ account });
      expect(await store(one)).toMatchObject({ kind: 'stored' });
      await age(one, 3);
    }
  }
  expect(await store(fresh({ account }))).toEqual({ kind: 'spent', whose: 'account' });
});

test('what is spent at once stays within the budget', async () => {
  const { account } = fresh();
  const all = await Promise.all(Array.from({ length: 20 }, () => store(fresh({ account }))));
  expect(all.filter(one => one.kind === 'stored')).toHaveLength(5);
});

test('a repeat costs nothing, even when the budget is spent', async () => {
  const { payer } = fresh();
  const one = fresh({ payer, lamports: 30_000n });
  await store(one);
  expect(await store(fresh({ payer }))).toMatchObject({ kind: 'spent' });
  expect(await store(one)).toMatchObject({ kind: 'stored' });
});

test('an outcome is noted once and never taken back', async () => {
  const one = fresh();
  await store(one);
  for (const outcome of ['confirmed', 'failed'] as const) {
    await books.db.tx('facilitator.resolve', tx => resolveSettlement(tx, one.messageHash, outcome));
    expect(await findSettlement(books.db.read, one.messageHash)).toMatchObject({ outcome: 'confirmed' });
  }
  expect(await findSettlement(books.db.read, randomBytes(32))).toBeNull();
});
