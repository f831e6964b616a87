import { generateKeyPairSigner } from '@solana/kit';
import { beforeAll, describe, expect, test } from 'vitest';
import { changeSettings } from '#libs/accounts/settings';
import type { Tx } from '#libs/db/database';
import { asOwner, asSignature, type Owner } from '#libs/money/solana-types';
import { buryAttempt, markLanded, storeAttempt } from '#libs/transfers/attempts';
import { ids, USDC } from '#test/support/books';
import { useDatabase } from '#test/support/database';
import { insertAgent, insertPayment, insertRefund } from '#test/support/rows';
import { claimReopening, dropClaim, hasReopened, isWorthIt, mayReopen } from './reopening.ts';

const database = useDatabase();
let shop: Awaited<ReturnType<typeof insertAgent>>;
let owner: Owner;
beforeAll(async () => {
  shop = await insertAgent(database.db);
});

const payee = () => ({ network: USDC.network, owner, mint: USDC.mint });
const may = (dead: string | null = null) =>
  mayReopen(database.db.read, { ...payee(), accountId: shop.accountId, amount: 1_000_000n }, dead);
const inTx = <T>(work: (tx: Tx) => Promise<T>) => database.db.tx('refund.store', work);

/** A leg of a refund that nothing was signed for. */
async function someLeg() {
  const { id: paymentId } = await insertPayment(database.db, shop, 1_000_000n);
  const refundId = await insertRefund(database.db, shop, paymentId, 1_000_000n);
  const [legId, reservation] = [ids.next('leg'), `${refundId}:reserve`];
  await database.db.read
    .insertInto('ledger_transfers')
    .values({
      id: reservation,
      kind: 'pending',
      network: USDC.network,
      asset: USDC.mint,
      amount: '1000000',
      debit_account: `suspense:${legId}`,
      debit_code: 'suspense',
      credit_account: `treasury:${shop.agent.treasury.id}`,
      credit_code: 'treasury',
      occurred_at: new Date(),
      booked_on: new Date(),
      source_type: 'refund',
      source_id: refundId,
    })
    .execute();
  await database.db.read
    .insertInto('legs')
    .values({ id: legId, refund_id: refundId, leg: 0, amount: '1000000', status: 'reserved', reservation_id: reservation })
    .execute();
  return { refundId, legId };
}

/** Claims and stores the attempt that opens the account, as signing does; null where the claim is another's. */
const sign = ({ refundId, legId }: { refundId: string; legId: string }, dead: string | null = null): Promise<string | null> =>
  inTx(async tx => {
    if (dead) await bury(tx, dead);
    const id = ids.next('attempt');
    if (!(await claimReopening(tx, payee(), { attemptId: id, refundId }))) return null;
    await storeAttempt(tx, {
      id,
      network: USDC.network,
      treasuryId: shop.agent.treasury.id,
      number: 1,
      legIds: [legId],
      signature: asSignature(`sig_${id}`),
      wire: Buffer.from(id),
      lastValidBlockHeight: 1n,
      feeLamports: 10_000n,
      finalizedSlot: 1n,
      finalizedHeight: 1n,
    });
    return id;
  });
const bury = (tx: Tx, id: string) => buryAttempt(tx, id, { kind: 'failed_at_finalized', slot: '1', error: 'x' });
const fresh = async () => {
  owner = asOwner((await generateKeyPairSigner()).address);
};

describe('an owner’s account of an asset is opened once', () => {
  test('by whoever claims it first: in flight it is waited for, landed it is taken', async () => {
    await fresh();
    const [one, two] = [await someLeg(), await someLeg()];
    expect(await may()).toBe('yes');
    const attempt = await sign(one);
    expect(attempt).not.toBeNull();
    expect(await may()).toBe('in_flight');
    expect(await sign(two)).toBeNull();
    expect(await hasReopened(database.db.read, one.refundId)).toBe(true);
    expect(await hasReopened(database.db.read, two.refundId)).toBe(false);
    await inTx(tx => markLanded(tx, attempt ?? '', '1'));
    expect(await may()).toBe('taken');
    expect(await sign(two)).toBeNull();
  });

  test('by one of many who claim it at the same moment', async () => {
    await fresh();
    const legs = await Promise.all(Array.from({ length: 6 }, someLeg));
    const signed = await Promise.all(legs.map(leg => sign(leg)));
    expect(signed.filter(id => id !== null)).toHaveLength(1);
  });

  test('by one of many who come at the same moment after it has died', async () => {
    await fresh();
    const first = await sign(await someLeg());
    await inTx(tx => bury(tx, first ?? ''));
    const legs = await Promise.all(Array.from({ length: 6 }, someLeg));
    const signed = await Promise.all(legs.map(leg => sign(leg)));
    expect(signed.filter(id => id !== null)).toHaveLength(1);
  });

  test('again by who died of it, and by anybody once that is written', async () => {
    await fresh();
    const [one, two] = [await someLeg(), await someLeg()];
    const first = await sign(one);
    // Its death is known and not yet written: it counts for its own leg only.
    expect(await may(first)).toBe('yes');
    expect(await may()).toBe('in_flight');
    const second = await sign(one, first);
    expect(second).not.toBeNull();
    expect(await may(first)).toBe('in_flight');
    await inTx(tx => bury(tx, second ?? ''));
    expect(await hasReopened(database.db.read, one.refundId)).toBe(false);
    expect(await may()).toBe('yes');
    expect(await sign(two)).not.toBeNull();
    expect(await sign(one)).toBeNull();
  });

  test('a claim whose attempt is not stored after all is none, and none can be left without its attempt', async () => {
    await fresh();
    const { refundId } = await someLeg();
    const by = { attemptId: ids.next('attempt'), refundId };
    await inTx(async tx => {
      expect(await claimReopening(tx, payee(), by)).toBe(true);
      await dropClaim(tx, by.attemptId);
    });
    expect(await may()).toBe('yes');
    await expect(inTx(tx => claimReopening(tx, payee(), by))).rejects.toThrow(/foreign key/);
    expect(await may()).toBe('yes');
  });

  test('and for each owner, asset and network by itself', async () => {
    await fresh();
    await sign(await someLeg());
    expect(await may()).toBe('in_flight');
    const other = { ...payee(), accountId: shop.accountId, amount: 1_000_000n };
    expect(await mayReopen(database.db.read, { ...other, network: 'solana-mainnet' }, null)).toBe('yes');
    await fresh();
    expect(await may()).toBe('yes');
  });
});

test('only where the merchant finds it worth the rent', async () => {
  await fresh();
  const of = (amount: bigint) => mayReopen(database.db.read, { ...payee(), accountId: shop.accountId, amount }, null);
  expect([await of(999_999n), await of(1_000_000n)]).toEqual(['not_worth_it', 'yes']);
  await inTx(tx => changeSettings(tx, shop.accountId, { rent_policy: { reopen: 'never', min_atomic: '0' } }));
  expect(await of(10n ** 12n)).toBe('not_worth_it');
  expect(isWorthIt({ reopen: 'always', min_atomic: '5' }, 1n)).toBe(true);
  expect(isWorthIt({ reopen: 'when_worth', min_atomic: '5' }, 4n)).toBe(false);
});
