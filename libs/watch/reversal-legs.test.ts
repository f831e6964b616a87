import { beforeEach, expect, test } from 'vitest';
import { verifyChain } from '#libs/receipts/verify';
import { Bookkeeper } from '#test/support/bookkeeper';
import { useDatabase } from '#test/support/database';

const at = useDatabase();
let books: Bookkeeper;
beforeEach(async () => {
  books = await Bookkeeper.open(at.db, { EBB_MAX_LEG_DEVNET_ATOMIC: 60n });
});

const expectChain = async (count: number) => expect(verifyChain(await books.receipts())).toEqual({ ok: true, count });
const fees = () => books.holds({ code: 'fee_payable', object: books.of.accountId });

test('I4 I7: a leg that is gone while another is still to be paid is marked, its carrier woken, and taken back alone', async () => {
  const payment = await books.paid(100n);
  const id = await books.refund(payment);
  const first = await books.signed(id, 0);
  await books.post(id, await books.landed(id, 0), 0);
  await books.signed(id, 1);
  await books.legGone(id, 0);
  expect(await books.view(id)).toMatchObject({
    status: 'processing',
    waiting: { reason: 'outcome_unknown' },
    needs_attention: true,
    transfers: [{ status: 'sent' }, { status: 'sent' }],
  });
  expect(await books.outbox(`refund:${id}`)).toEqual([{ kind: 'start' }, { kind: 'wake' }]);

  await books.legDead(id, first, 0);
  expect(await books.view(id), 'the other may still land').toMatchObject({ status: 'processing', tx_sig: null });
  await books.post(id, await books.landed(id, 1), 1);
  const other = await books.leg(id, 1);
  expect(await books.view(id)).toMatchObject({ status: 'processing', tx_sig: other.tx_sig, moved_atomic: other.amount });
  await books.given(id, 0);
  expect(await books.view(id)).toMatchObject({ status: 'succeeded', moved_atomic: '100', payment: { status: 'refunded' } });
  expect(await books.counters()).toMatchObject({ refunded: '100', refunded_count: '1' });
  await expectChain(5);
});

test('both legs gone, taken back one after the other, are counted once, and the refund is named by what is left', async () => {
  const payment = await books.paid(100n);
  const id = await books.refund(payment);
  const attempts = [];
  for (const n of [0, 1]) {
    attempts.push(await books.signed(id, n));
    await books.post(id, await books.landed(id, n), n);
  }
  const first = await books.leg(id, 0);
  for (const n of [0, 1]) await books.legGone(id, n);
  await books.legDead(id, attempts[1] ?? '', 1);
  expect(await books.view(id)).toMatchObject({ status: 'processing', tx_sig: first.tx_sig, receipt_hash: first.receipt_hash });
  expect(await books.counters()).toMatchObject({ refunded_count: '1', refunded: first.amount });
  await books.legDead(id, attempts[0] ?? '', 0);
  expect(await books.view(id)).toMatchObject({ status: 'pending', tx_sig: null, receipt_hash: null });
  expect(await books.counters()).toMatchObject({ refunded_count: '0', refunded: '0' });
  expect(await books.balance(payment)).toEqual({ captured: 100n, refunded: 0n, reserved: 100n, refundable: 0n });
  for (const n of [0, 1]) await books.given(id, n);
  expect(await books.view(id)).toMatchObject({ status: 'succeeded', moved_atomic: '100' });
  expect(await books.counters()).toMatchObject({ refunded_count: '1', refunded: '100' });
  await expectChain(7);
});

test('I4: the fee that was kept of a leg is given back with it, and kept anew', async () => {
  const payment = await books.paid(100n);
  const id = await books.refund(payment, 50n, { fee: { amount_atomic: '10' } });
  const attempt = await books.signed(id);
  await books.post(id, await books.landed(id));
  expect([await fees(), await books.treasury()]).toEqual([-10n, 60n]);
  await books.legGone(id);
  await books.legDead(id, attempt);
  expect([await fees(), await books.treasury()]).toEqual([0n, 100n]);
  await books.given(id);
  expect([await fees(), await books.treasury()]).toEqual([-10n, 60n]);
  await expectChain(4);
});

test('I3 I4: of a payment that is gone, a refund with one leg moved and one unsigned succeeds in part; what moved is loss', async () => {
  const payment = await books.paid(100n);
  const id = await books.refund(payment);
  await books.given(id, 0);
  const moved = (await books.leg(id, 0)).amount;
  await books.legFinal(id, 0);
  await books.lost(payment);
  expect(await books.dead(payment)).toEqual({ status: 'failed' });
  expect(await books.view(id)).toMatchObject({
    status: 'partially_succeeded',
    failure: { code: 'payment_reversed' },
    moved_atomic: moved,
    voided_atomic: String(100n - BigInt(moved)),
    transfers: [{ status: 'posted' }, { status: 'voided' }],
    finalized_at: expect.any(String),
  });
  expect(await books.holds({ code: 'chain_loss', object: books.of.accountId })).toBe(BigInt(moved));
  expect(await books.treasury()).toBe(-BigInt(moved));
  await expectChain(3);
});
