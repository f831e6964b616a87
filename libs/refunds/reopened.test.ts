import { beforeEach, expect, test } from 'vitest';
import { verifyChain } from '#libs/receipts/verify';
import { Bookkeeper } from '#test/support/bookkeeper';
import { ids } from '#test/support/books';
import { useDatabase } from '#test/support/database';
import { PACE } from '#test/support/rows';
import { cancelRefund } from './acts/cancel.ts';
import { takeLeg } from './take.ts';

const at = useDatabase();
let books: Bookkeeper;
beforeEach(async () => {
  books = await Bookkeeper.open(at.db, { EBB_MAX_LEG_DEVNET_ATOMIC: 60n });
});

const cancel = (refundId: string) =>
  books.db.tx('api.refund.act', tx =>
    cancelRefund(tx, books.parts, {
      id: ids.next('act'),
      kind: 'cancel',
      refundId,
      actor: { type: 'api_key', id: 'key' },
      arguments: {},
    }),
  );

test('I1 I4 I5 I7: what had succeeded in part and is reopened by the chain ends so again, and what was voided stays voided', async () => {
  const payment = await books.paid(100n);
  const id = await books.refund(payment);
  const attempt = await books.signed(id, 0);
  await books.post(id, await books.landed(id, 0), 0);
  expect(await cancel(id)).toMatchObject({ status: 'partially_succeeded', moved_atomic: '60', voided_atomic: '40' });
  await books.given(await books.refund(payment, 40n));
  expect(await books.balance(payment)).toEqual({ captured: 100n, refunded: 100n, reserved: 0n, refundable: 0n });

  await books.legGone(id, 0);
  expect(await books.view(id)).toMatchObject({ status: 'processing', completed_at: null, voided_atomic: '40' });
  const ref = { legId: (await books.leg(id, 1)).id, refundId: id, carrier: `refund:${id}` };
  expect(await takeLeg(books.parts, ref, { pace: PACE, tries: 1 })).toEqual({ kind: 'voided' });

  await books.legDead(id, attempt, 0);
  expect(await books.view(id)).toMatchObject({ status: 'pending', moved_atomic: '0', voided_atomic: '40' });
  expect(await books.balance(payment)).toEqual({ captured: 100n, refunded: 40n, reserved: 60n, refundable: 0n });
  await books.given(id, 0);
  expect(await books.view(id)).toMatchObject({
    status: 'partially_succeeded',
    moved_atomic: '60',
    voided_atomic: '40',
    waiting: null,
    payment: { status: 'refunded', refunded_atomic: '100' },
  });
  expect((await books.told(id)).filter(kind => kind === 'refund.partially_succeeded')).toHaveLength(2);
  expect(await books.counters()).toMatchObject({ refunded: '100', refunded_count: '2' });
  expect(await books.treasury()).toBe(0n);
  expect(verifyChain(await books.receipts())).toEqual({ ok: true, count: 5 });
});

test('a leg that is there again makes it what it was, without a second posting', async () => {
  const payment = await books.paid(100n);
  const id = await books.refund(payment);
  await books.given(id, 0);
  await cancel(id);
  await books.legGone(id, 0);
  await books.post(id, await books.landed(id, 0), 0);
  expect(await books.view(id)).toMatchObject({ status: 'partially_succeeded', moved_atomic: '60', voided_atomic: '40' });
  expect(await books.balance(payment)).toEqual({ captured: 100n, refunded: 60n, reserved: 0n, refundable: 40n });
  expect(verifyChain(await books.receipts())).toEqual({ ok: true, count: 2 });
});
