import { sql } from 'kysely';
import { describe, expect, test } from 'vitest';
import { Bookkeeper } from '#test/support/bookkeeper';
import { USDC } from '#test/support/books';
import { useDatabase } from '#test/support/database';
import { readLine } from './line.ts';
import { type FundsSeen, takeFunds, wouldTake } from './take.ts';

const database = useDatabase({ max: 16 });

/** A shop whose refunds sign nothing of themselves: what they take from the till, the test says. */
async function open() {
  const books = await Bookkeeper.open(database.db);
  const payment = await books.paid(1_000_000n);
  const till = { treasuryId: books.of.agent.treasury.id, mint: USDC.mint };
  const claim = async (refundId: string) => {
    const leg = await books.leg(refundId);
    return { ...till, refundId, legId: leg.id, amount: BigInt(leg.amount) };
  };
  return {
    books,
    till,
    refund: (amount: bigint) => books.refund(payment, amount),
    /** Signs it where its money may be taken, in one transaction, as *pay* does. */
    async sign(refundId: string, seen: FundsSeen): Promise<boolean> {
      const wanted = await claim(refundId);
      return database.db.tx('refund.store', async tx => {
        await tx.selectFrom('refunds').select('id').where('id', '=', refundId).forUpdate().execute();
        if (!(await takeFunds(tx, wanted, seen))) return false;
        await tx.updateTable('legs').set({ status: 'sent' }).where('id', '=', wanted.legId).execute();
        await tx.updateTable('refunds').set({ status: 'processing' }).where('id', '=', refundId).execute();
        return true;
      });
    },
    /** It waits for its funds, in line. */
    async short(refundId: string): Promise<void> {
      const { amount } = await claim(refundId);
      await sql`update refunds set waiting = jsonb_build_object('reason', 'insufficient_funds') where id = ${refundId}`.execute(
        database.db.read,
      );
      await sql`insert into funds_queue (refund_id, treasury_id, mint, amount)
        values (${refundId}, ${till.treasuryId}, ${till.mint}, ${amount.toString()}::numeric)`.execute(database.db.read);
    },
    would: async (refundId: string, seen: FundsSeen) => wouldTake(database.db.read, await claim(refundId), seen),
  };
}

const at = (balance: bigint, slot = 1_000n): FundsSeen => ({ balance, slot });

describe('I2: what a till holds is signed away once:', () => {
  test('of many that sign at once as many as it can pay', async () => {
    const { refund, sign } = await open();
    const ids: string[] = [];
    for (let n = 0; n < 12; n++) ids.push(await refund(100n));
    const signed = await Promise.all(ids.map(id => sign(id, at(350n))));
    expect(signed.filter(Boolean)).toHaveLength(3);
  });

  test('a leg that landed after the slot of the balance still takes from it, one that landed before does not', async () => {
    const { books, refund, would } = await open();
    const landed = await refund(100n);
    await books.given(landed);
    const { slot } = await books.leg(landed);
    const next = await refund(60n);
    expect(await would(next, at(100n, BigInt(slot ?? 0) - 1n))).toBe(false);
    expect(await would(next, at(160n, BigInt(slot ?? 0) - 1n))).toBe(true);
    expect(await would(next, at(60n, BigInt(slot ?? 0)))).toBe(true);
    expect(await would(next, at(59n, BigInt(slot ?? 0)))).toBe(false);
  });

  test('nobody jumps the line: a newcomer leaves the oldest what it can be paid with, and passes a large one within bounds', async () => {
    const { refund, short, sign, till } = await open();
    const [oldest, large] = [await refund(50n), await refund(200n)];
    await short(oldest);
    await short(large);
    const newcomer = await refund(120n);
    // 50 are the oldest one's.
    expect(await sign(newcomer, at(160n))).toBe(false);
    expect(await sign(newcomer, at(170n))).toBe(true);
    const line = () => readLine(database.db.read, till);
    expect(await line()).toMatchObject([
      { id: oldest, passed: 0n },
      { id: large, passed: 120n },
    ]);
    // 120 are in flight now.
    expect(await sign(oldest, at(170n))).toBe(true);
    expect(await line()).toMatchObject([{ id: large, passed: 120n }]);
    const late = await refund(90n);
    expect(await sign(late, at(350n))).toBe(false);
    expect(await sign(await refund(80n), at(350n))).toBe(true);
    expect(await line()).toMatchObject([{ id: large, passed: 200n }]);
    expect(await sign(await refund(1n), at(440n))).toBe(false);
    expect(await sign(large, at(450n))).toBe(true);
    expect(await sign(late, at(540n))).toBe(true);
  });

  test('who waits for a person keeps the place and claims nothing meanwhile', async () => {
    const { refund, short, sign, till } = await open();
    const oldest = await refund(100n);
    await short(oldest);
    const other = await refund(80n);
    expect(await sign(other, at(100n))).toBe(false);
    await sql`update refunds set waiting = jsonb_build_object('reason', 'address') where id = ${oldest}`.execute(
      database.db.read,
    );
    expect(await sign(other, at(100n))).toBe(true);
    await sql`update refunds set waiting = jsonb_build_object('reason', 'rpc_unavailable') where id = ${oldest}`.execute(
      database.db.read,
    );
    expect(await readLine(database.db.read, till)).toMatchObject([{ id: oldest }]);
  });
});
