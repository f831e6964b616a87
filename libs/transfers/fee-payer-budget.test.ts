import { sql } from 'kysely';
import { beforeEach, expect, test } from 'vitest';
import { ensureAccount } from '#libs/accounts/ensure-account';
import { ids } from '#test/support/books';
import { useDatabase } from '#test/support/database';
import { dropSpend, spendWithin, wouldSpend } from './fee-payer-budget.ts';

const database = useDatabase();
const BUDGET = { hour: 100n, day: 150n };
let accountId = '';
const spend = (id: string, lamports: bigint, network = 'solana-devnet', account = accountId) =>
  database.db.tx('refund.store', tx =>
    spendWithin(tx, BUDGET, { id: `${account}/${id}`, accountId: account, network, lamports }),
  );
const hoursLater = (hours: number) =>
  sql`update fee_payer_spends set created_at = created_at - ${hours}::int * interval '1 hour' where account_id = ${accountId}`.execute(
    database.db.read,
  );

beforeEach(async () => {
  accountId = await database.db.tx('cli.key.mint', tx => ensureAccount(tx, ids, `spender ${ids.bare()}`));
});

test('up to the budget of an hour and not a lamport above; the same spend again is the same', async () => {
  expect(await spend('a', 60n)).toBe(true);
  expect(await spend('b', 41n)).toBe(false);
  expect(await spend('c', 40n)).toBe(true);
  const more = { accountId, network: 'solana-devnet', lamports: 1n };
  expect(await wouldSpend(database.db.read, BUDGET, more)).toBe(false);
  expect(await wouldSpend(database.db.read, BUDGET, { ...more, lamports: 0n })).toBe(true);
  expect(await spend('d', 1n)).toBe(false);
  expect(await spend('a', 60n)).toBe(true);
});

test('an hour later the day’s budget still counts, and a day later nothing does', async () => {
  expect(await spend('a', 100n)).toBe(true);
  await hoursLater(2);
  expect(await spend('b', 51n)).toBe(false);
  expect(await spend('c', 50n)).toBe(true);
  await hoursLater(23);
  expect(await spend('d', 100n)).toBe(true);
});

test('each account and each network has its own, and what is not signed after all does not count', async () => {
  expect(await spend('a', 100n)).toBe(true);
  expect(await spend('b', 100n, 'solana-mainnet')).toBe(true);
  const other = await database.db.tx('cli.key.mint', tx => ensureAccount(tx, ids, `another ${ids.bare()}`));
  expect(await spend('a', 100n, 'solana-devnet', other)).toBe(true);
  await database.db.tx('refund.store', tx => dropSpend(tx, `${accountId}/a`));
  expect(await spend('c', 100n)).toBe(true);
});
