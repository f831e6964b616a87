import { randomBytes } from 'node:crypto';
import { address } from '@solana/kit';
import { sql } from 'kysely';
import { describe, expect, test } from 'vitest';
import { changeSettings } from '#libs/accounts/settings';
import { Bookkeeper } from '#test/support/bookkeeper';
import { ids, USDC } from '#test/support/books';
import { useDatabase } from '#test/support/database';
import { bookMovement, type TimedMovement } from './book.ts';
import type { ScannedAccount } from './known.ts';

const database = useDatabase({ max: 16 });

const accountOf = (books: Bookkeeper): ScannedAccount => ({
  treasuryId: books.of.agent.treasury.id,
  kind: 'managed',
  owner: books.of.agent.treasury.owner,
  accountId: books.of.accountId,
  network: USDC.network,
  mint: USDC.mint,
  tokenAccount: books.of.agent.treasury.accounts[0]?.tokenAccount ?? '',
});

const movement = (change: bigint, more: Partial<TimedMovement> = {}): TimedMovement => ({
  signature: `sig_${ids.bare()}`,
  slot: 7n,
  messageHash: randomBytes(32),
  blockTime: new Date(),
  change,
  other: null,
  ...more,
});

const book = (books: Bookkeeper, one: TimedMovement) =>
  database.db.tx('treasury.book', tx => bookMovement(tx, books.parts, accountOf(books), one));
const suspense = (books: Bookkeeper) => books.holds({ code: 'suspense', object: books.of.agent.treasury.id });
const funding = (books: Bookkeeper) => books.holds({ code: 'owner_funding', object: books.of.agent.treasury.id });
const left = (books: Bookkeeper) =>
  database.db.read.selectFrom('movements_left').selectAll().where('treasury_id', '=', books.of.agent.treasury.id).execute();

/** A payment that is claimed and not yet settled, with the movement its transaction makes. */
async function claimed(books: Bookkeeper, captured: bigint): Promise<{ id: string; seen: TimedMovement }> {
  const id = await books.paid(1n);
  const fresh = ids.next('payment');
  const messageHash = randomBytes(32);
  // A copy of a payment's row as its claim leaves it.
  await sql`insert into payments select (jsonb_populate_record(null::payments, to_jsonb(p) || jsonb_build_object(
      'id', ${fresh}::text, 'status', 'pending', 'captured', null, 'tx_sig', null, 'receipt_hash', null, 'settled_at', null,
      'message_hash', ${`\\x${messageHash.toString('hex')}`}::text, 'carrier', ${`settlement:${fresh}`}::text))).*
    from payments p where p.id = ${id}`.execute(database.db.read);
  return { id: fresh, seen: movement(captured, { messageHash }) };
}

describe('I4: what moves a treasury is booked once:', () => {
  test('the same movement again is none, nor at once from several scans', async () => {
    const books = await Bookkeeper.open(database.db);
    const one = movement(500n);
    const done = await Promise.all(Array.from({ length: 8 }, () => book(books, one)));
    expect(done.filter(Boolean)).toHaveLength(1);
    expect(await book(books, one)).toBe(false);
    expect([await books.treasury(), await suspense(books)]).toEqual([500n, -500n]);
  });

  test('to owner funding from the treasury’s owner and from wallets that the account has named, else to suspense', async () => {
    const books = await Bookkeeper.open(database.db);
    const friend = address('11111111111111111111111111111112');
    await database.db.tx('api.account.settings', tx => changeSettings(tx, books.of.accountId, { funding_owners: [friend] }));
    const from = (owner: string) => ({ other: { owner, tokenAccount: 'SomeAccount' } });
    await book(books, movement(100n, from(friend)));
    await book(books, movement(10n, from(books.of.agent.treasury.owner)));
    await book(books, movement(1n, from('SomebodyElse')));
    await book(books, movement(-40n, from(friend)));
    await book(books, movement(-3n));
    expect([await books.treasury(), await funding(books), await suspense(books)]).toEqual([68n, -70n, 2n]);
    expect(await books.told(books.of.agent.treasury.id)).toEqual([
      'agent.treasury.funded',
      'agent.treasury.funded',
      'agent.treasury.funded',
      'agent.treasury.withdrawn',
      'agent.treasury.withdrawn',
    ]);
  });

  test('a payment that is recorded later takes it out of suspense, one that is recorded before leaves nothing to book', async () => {
    const books = await Bookkeeper.open(database.db);
    const late = await claimed(books, 1_000n);
    const before = await books.treasury();
    // Not yet claimed as far as this scan knows: another message.
    await book(books, { ...late.seen, messageHash: randomBytes(32) });
    expect([(await books.treasury()) - before, await suspense(books)]).toEqual([1_000n, -1_000n]);
    await books.seen(late.id, 1_000n, late.seen.signature);
    expect([(await books.treasury()) - before, await suspense(books)]).toEqual([1_000n, 0n]);
    expect(await book(books, late.seen)).toBe(false);

    const early = await claimed(books, 2_000n);
    const then = await books.treasury();
    await books.seen(early.id, 2_000n, early.seen.signature);
    expect(await book(books, early.seen)).toBe(false);
    expect([(await books.treasury()) - then, await suspense(books)]).toEqual([2_000n, 0n]);
  });

  test('a payment that is pending is left to its settlement, and booked where that fails without it', async () => {
    const books = await Bookkeeper.open(database.db);
    const open = await claimed(books, 300n);
    const other = await claimed(books, 30n);
    const before = await books.treasury();
    expect(await book(books, open.seen)).toBe(false);
    expect(await left(books)).toMatchObject([{ signature: open.seen.signature, payment_id: open.id }]);
    await database.db.read.updateTable('payments').set({ status: 'failed' }).where('id', '=', open.id).execute();
    expect(await book(books, open.seen)).toBe(true);
    expect([(await books.treasury()) - before, await suspense(books), await left(books)]).toEqual([300n, -300n, []]);

    await book(books, other.seen);
    await books.seen(other.id, 30n, other.seen.signature);
    expect([(await books.treasury()) - before, await left(books)]).toEqual([330n, []]);
  });

  test('a scan and a payment’s recording at once: whoever is first, it is there once', async () => {
    const books = await Bookkeeper.open(database.db);
    const payments = await Promise.all(Array.from({ length: 24 }, () => claimed(books, 100n)));
    const before = await books.treasury();
    await Promise.all(
      payments.flatMap(({ id, seen }, at) => {
        // To half of the scans the claim came after they had looked for it.
        const scan = () => book(books, at % 2 ? seen : { ...seen, messageHash: randomBytes(32) });
        const record = () => books.seen(id, 100n, seen.signature);
        return at % 3 ? [scan(), record()] : [record(), scan()];
      }),
    );
    expect([(await books.treasury()) - before, await suspense(books)]).toEqual([2_400n, 0n]);
    for (const { seen } of payments) expect(await book(books, seen)).toBe(false);
    expect((await books.treasury()) - before).toBe(2_400n);
  });
});
