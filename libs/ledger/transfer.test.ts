import { sql } from 'kysely';
import { beforeEach, describe, expect, test } from 'vitest';
import { violatedConstraint } from '#libs/db/database';
import { type Atoms, atoms } from '#libs/money/atoms';
import { bookPayment, ids, USDC } from '#test/support/books';
import { useDatabase } from '#test/support/database';
import { paymentBalances } from './balances.ts';
import { openPaymentAccount } from './open-payment-account.ts';
import { post, voidPending } from './resolve.ts';
import { LedgerConflict, type NewTransfer, transfer } from './transfer.ts';

const database = useDatabase();
const noon = new Date('2026-11-02T12:00:00.000Z');
let paymentId: string;
let n = 0;

const refund = (over: Partial<NewTransfer> = {}): NewTransfer => ({
  id: `reserve:${++n}`,
  kind: 'pending',
  network: USDC.network,
  asset: USDC.mint,
  amount: atoms(40n),
  debit: { code: 'payment', object: paymentId },
  credit: { code: 'treasury', object: 'try_test' },
  occurredAt: noon,
  source: { type: 'leg', id: 'leg_1' },
  ...over,
});
const write = (entry: NewTransfer) => database.db.tx('api.refund.accept', tx => transfer(tx, entry));
const balance = async () => (await paymentBalances(database.db.read, [paymentId])).get(paymentId);
const constraintOf = (work: Promise<unknown>) => work.then(() => 'nothing', violatedConstraint);

beforeEach(async () => {
  paymentId = await bookPayment(database.db, 100n);
});

test('a reservation holds money until it is posted or voided', async () => {
  const one = refund();
  const two = refund({ amount: atoms(25n) });
  await write(one);
  await write(two);
  expect(await balance()).toEqual({ captured: 100n, refunded: 0n, reserved: 65n, refundable: 35n });
  await database.db.tx('refund.post', tx =>
    post(tx, { id: `post:${one.id}`, pendingId: one.id, occurredAt: noon, signature: 's' }),
  );
  await database.db.tx('refund.post', tx => voidPending(tx, { id: `void:${two.id}`, pendingId: two.id, occurredAt: noon }));
  expect(await balance()).toEqual({ captured: 100n, refunded: 40n, reserved: 0n, refundable: 60n });
});

test('I1: one atom more than is left is refused by the database, whatever asked for it', async () => {
  await write(refund({ amount: atoms(60n) }));
  expect(await constraintOf(write(refund({ amount: atoms(41n) })))).toBe('never_over');
  expect(await constraintOf(write(refund({ amount: atoms(41n), kind: 'single' })))).toBe('never_over');
  expect(await write(refund({ amount: atoms(40n) }))).toBe('written');
  expect(await balance()).toEqual({ captured: 100n, refunded: 0n, reserved: 100n, refundable: 0n });
});

test('the same transfer again changes nothing, also at another time and after its day was closed', async () => {
  const entry = refund({ occurredAt: new Date('2026-10-05T23:59:59.999Z') });
  expect(await write(entry)).toBe('written');
  await database.db.tx('refund.post', async tx => {
    await sql`insert into closed_dates (booked_on) values ('2026-10-05')`.execute(tx);
  });
  expect(await write({ ...entry, occurredAt: noon })).toBe('again');
  expect(await write(entry)).toBe('again');
  expect((await balance())?.reserved).toBe(40n);
});

test('a closed day takes no posting, of any kind', async () => {
  const open = refund();
  await write(open);
  await database.db.tx('refund.post', async tx => {
    await sql`insert into closed_dates (booked_on) values ('2026-10-06')`.execute(tx);
  });
  const occurredAt = new Date('2026-10-06T00:00:00.000Z');
  expect(await constraintOf(write(refund({ occurredAt })))).toBe('books_closed');
  const resolution = { id: `post:${open.id}`, pendingId: open.id, occurredAt };
  expect(await constraintOf(database.db.tx('refund.post', tx => post(tx, resolution)))).toBe('books_closed');
  expect((await balance())?.reserved).toBe(40n);
});

describe('the same id with other content is a defect', () => {
  const changes: [string, Partial<NewTransfer>][] = [
    ['amount', { amount: atoms(41n) }],
    ['kind', { kind: 'single' }],
    ['source', { source: { type: 'leg', id: 'leg_2' } }],
    ['signature', { signature: 'other' }],
    ['credit', { credit: { code: 'treasury', object: 'try_other' } }],
    ['network', { network: 'solana-mainnet' }],
  ];
  test.each(changes)('%s', async (_name, change) => {
    const entry = refund();
    await write(entry);
    await expect(write({ ...entry, ...change })).rejects.toThrow(LedgerConflict);
    expect((await balance())?.reserved).toBe(40n);
  });
});

test('a pending transfer resolves once', async () => {
  const held = refund();
  await write(held);
  const posted = { id: `post:${held.id}`, pendingId: held.id, occurredAt: noon, signature: 's' };
  const resolve = (how: typeof post, resolution: typeof posted) => database.db.tx('refund.post', tx => how(tx, resolution));
  expect(await resolve(post, posted)).toBe('written');
  expect(await resolve(post, { ...posted, occurredAt: new Date() })).toBe('again');
  await expect(resolve(post, { ...posted, signature: 'other' })).rejects.toThrow(LedgerConflict);
  await expect(resolve(post, { ...posted, id: 'post:other' })).rejects.toThrow(LedgerConflict);
  await expect(resolve(voidPending, { ...posted, id: `void:${held.id}` })).rejects.toThrow(LedgerConflict);
  await expect(resolve(voidPending, posted)).rejects.toThrow(LedgerConflict);
  await expect(resolve(post, { ...posted, pendingId: posted.id, id: 'post:of-a-post' })).rejects.toThrow('no pending transfer');
  expect(await balance()).toEqual({ captured: 100n, refunded: 40n, reserved: 0n, refundable: 60n });
});

test('post and void that race resolve it once, and the other is told', async () => {
  for (let round = 0; round < 10; round++) {
    const held = refund({ amount: atoms(1n) });
    await write(held);
    const race = await Promise.allSettled([
      database.db.tx('refund.post', tx => post(tx, { id: `p:${held.id}`, pendingId: held.id, occurredAt: noon })),
      database.db.tx('refund.post', tx => voidPending(tx, { id: `v:${held.id}`, pendingId: held.id, occurredAt: noon })),
      database.db.tx('refund.post', tx => post(tx, { id: `p:${held.id}`, pendingId: held.id, occurredAt: noon })),
    ]);
    expect(race.filter(one => one.status === 'fulfilled' && one.value === 'written')).toHaveLength(1);
    for (const one of race) if (one.status === 'rejected') expect(one.reason).toBeInstanceOf(LedgerConflict);
  }
  expect((await balance())?.reserved).toBe(0n);
});

test('a reversal takes back exactly one transfer, once, and what was given counts no more', async () => {
  const given = refund({ kind: 'single' });
  await write(given);
  const back = refund({ kind: 'single', reverses: given.id, debit: given.credit, credit: given.debit });
  await expect(write({ ...back, id: 'r:amount', amount: atoms(39n) })).rejects.toThrow('does not take back');
  await expect(write({ ...back, id: 'r:side', debit: given.debit, credit: given.credit })).rejects.toThrow('does not take back');
  expect(await write(back)).toBe('written');
  expect(await write(back)).toBe('again');
  expect(await constraintOf(write({ ...back, id: 'r:again' }))).toBe('ledger_transfers_reverse_once');
  expect(await balance()).toEqual({ captured: 100n, refunded: 0n, reserved: 0n, refundable: 100n });
});

test('what was promised but never moved cannot be reversed', async () => {
  const held = refund();
  await write(held);
  const back = refund({ kind: 'single', reverses: held.id, debit: held.credit, credit: held.debit });
  await expect(write(back)).rejects.toThrow('does not take back');
});

test('I4: posted rows are never updated, deleted or cut off', async () => {
  await write(refund());
  const attempts = [
    sql`update ledger_transfers set amount = 1 where source_id = 'leg_1'`,
    sql`delete from ledger_transfers`,
    sql`truncate ledger_transfers cascade`,
  ];
  for (const attempt of attempts) await expect(attempt.execute(database.db.read)).rejects.toThrow('never updated or deleted');
});

test('a payment account keeps one asset, and nothing is booked without an account', async () => {
  const open = (asset: string) => database.db.tx('settle.record', tx => openPaymentAccount(tx, { paymentId, asset }));
  await open(USDC.mint);
  await expect(open('another mint')).rejects.toThrow('is kept in');
  await expect(write(refund({ asset: 'another mint' }))).rejects.toThrow('no ledger account');
  const nobody = ids.next('payment');
  await expect(write(refund({ debit: { code: 'payment', object: nobody } }))).rejects.toThrow('no ledger account');
  expect((await paymentBalances(database.db.read, [nobody])).size).toBe(0);
});

test('nothing of no amount, and nothing from an account to itself', async () => {
  await expect(write(refund({ amount: 0n as Atoms }))).rejects.toThrow('amount');
  await expect(write(refund({ credit: { code: 'payment', object: paymentId } }))).rejects.toThrow('check constraint');
});

test('amounts up to 2^64 − 1 are kept to the atom', async () => {
  const most = 18_446_744_073_709_551_615n;
  paymentId = await bookPayment(database.db, most);
  await write(refund({ amount: atoms(most - 1n) }));
  expect(await balance()).toEqual({ captured: most, refunded: 0n, reserved: most - 1n, refundable: 1n });
});
