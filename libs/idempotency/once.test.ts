import { beforeAll, describe, expect, test } from 'vitest';
import { ensureAccount } from '#libs/accounts/ensure-account';
import { Refusal } from '#libs/problems/refusal';
import { ids } from '#test/support/books';
import { useDatabase } from '#test/support/database';
import { type Ask, once } from './once.ts';

const database = useDatabase();
let account = '';
let other = '';
const ask = (over: Partial<Ask<unknown>> = {}): Ask<unknown> => ({
  key: 'k',
  route: 'solana-devnet POST /v1/things',
  body: { a: 1, b: [2] },
  clientReference: null,
  ...over,
});
const run = (asked: Ask<unknown>, work: () => Promise<unknown>, accountId = account) =>
  database.db.tx('api.refund.accept', tx => once(tx, accountId, asked, async () => ({ status: 201, body: await work() })));
const code = (error: unknown) => (error instanceof Refusal ? error.code : error);

beforeAll(async () => {
  account = await database.db.tx('cli.key.mint', tx => ensureAccount(tx, ids, 'one'));
  other = await database.db.tx('cli.key.mint', tx => ensureAccount(tx, ids, 'two'));
});

test('the first answer comes back for the same body, however it is written, and nothing is done again', async () => {
  let done = 0;
  const work = async () => ({ z: ++done, a: 'first' });
  expect(await run(ask(), work)).toEqual({ status: 201, body: { z: 1, a: 'first' }, replayed: false });
  const again = await run(ask({ body: { b: [2], a: 1.0 } }), work);
  expect(again).toEqual({ status: 201, body: { z: 1, a: 'first' }, replayed: true });
  expect(JSON.stringify(again.body)).toBe('{"z":1,"a":"first"}');
  expect(done).toBe(1);
});

test('another body is refused', async () => {
  expect(await run(ask({ body: { a: 2 } }), async () => 'never').catch(code)).toBe('idempotency_body_mismatch');
});

test('another account, route or network has keys of its own, and no key is no guard', async () => {
  const fresh = async () => 'fresh';
  expect(await run(ask(), fresh, other)).toMatchObject({ body: 'fresh', replayed: false });
  expect(await run(ask({ route: 'solana-mainnet POST /v1/things' }), fresh)).toMatchObject({ replayed: false });
  for (let i = 0; i < 2; i++) expect(await run(ask({ key: null }), fresh)).toMatchObject({ replayed: false });
});

test('what failed is not kept, and is judged again', async () => {
  const key = 'fails';
  await expect(
    run(ask({ key }), async () => {
      throw new Error('defect');
    }),
  ).rejects.toThrow('defect');
  expect(await run(ask({ key }), async () => 'now')).toMatchObject({ body: 'now', replayed: false });
});

test('an answer that is not 2xx is never kept: that is a defect', async () => {
  const work = () =>
    database.db.tx('api.refund.accept', tx => once(tx, account, ask({ key: 'bad' }), async () => ({ status: 409, body: 1 })));
  await expect(work()).rejects.toThrow(RangeError);
});

describe('two at once', () => {
  test('one works, the other is told to come back; after the commit it gets the answer', async () => {
    let release: () => void = () => {};
    let working: () => void = () => {};
    const started = new Promise<void>(resolve => {
      working = resolve;
    });
    const held = new Promise<void>(resolve => {
      release = resolve;
    });
    const first = run(ask({ key: 'slow' }), async () => {
      working();
      await held;
      return 'slow';
    });
    await started;
    expect(await run(ask({ key: 'slow' }), async () => 'twice').catch(code)).toBe('idempotency_in_flight');
    release();
    await first;
    expect(await run(ask({ key: 'slow' }), async () => 'twice')).toMatchObject({ body: 'slow', replayed: true });
  });

  test('of many, the work is done once', async () => {
    let done = 0;
    const outcomes = await Promise.all(
      Array.from({ length: 20 }, () => run(ask({ key: 'many' }), async () => ++done).catch(code)),
    );
    expect(done).toBe(1);
    for (const outcome of outcomes) {
      if (outcome !== 'idempotency_in_flight') expect(outcome).toMatchObject({ body: 1 });
    }
  });
});

test('after 24 hours a key is new again', async () => {
  await run(ask({ key: 'old' }), async () => 'old');
  const age = (hours: number) =>
    database.db.read
      .updateTable('idempotency_keys')
      .set({ created_at: new Date(Date.now() - hours * 3_600_000) })
      .where('key', '=', 'old')
      .execute();
  await age(23.9);
  expect(await run(ask({ key: 'old' }), async () => 'new')).toMatchObject({ body: 'old', replayed: true });
  await age(24.1);
  expect(await run(ask({ key: 'old', body: 'other' }), async () => 'new')).toMatchObject({ body: 'new', replayed: false });
  expect(await run(ask({ key: 'old', body: 'other' }), async () => 'newer')).toMatchObject({ body: 'new', replayed: true });
});
