import { beforeEach, expect, test } from 'vitest';
import { verifyChain } from '#libs/receipts/verify';
import { useDatabase } from '#test/support/database';
import { Till } from '#test/support/till';

const at = useDatabase();
let till: Till;
beforeEach(async () => {
  till = await Till.open(at.db, { EBB_MAX_LEG_DEVNET_ATOMIC: 60n });
});

const expectChain = async (count: number) => expect(verifyChain(await till.receipts())).toEqual({ ok: true, count });
const fees = () => till.holds({ code: 'fee_payable', object: till.of.accountId });

test('I4 I7: a leg that is gone while another is still to be paid is marked, its carrier woken, and taken back alone', async () => {
  const payment = await till.paid(100n);
  const id = await till.refund(payment);
  const first = await till.signed(id, 0);
  await till.post(id, await till.landed(id, 0), 0);
  await till.signed(id, 1);
  await till.legGone(id, 0);
  expect(await till.view(id)).toMatchObject({
    status: 'processing',
    waiting: { reason: 'outcome_unknown' },
    needs_attention: true,
    transfers: [{ status: 'sent' }, { status: 'sent' }],
  });
  expect(await till.outbox(`refund:${id}`)).toEqual([{ kind: 'start' }, { kind: 'wake' }]);

  await till.legDead(id, first, 0);
  expect(await till.view(id), 'the other may still land').toMatchObject({ status: 'processing', tx_sig: null });
  await till.post(id, await till.landed(id, 1), 1);
  const other = await till.leg(id, 1);
  expect(await till.view(id)).toMatchObject({ status: 'processing', tx_sig: other.tx_sig, moved_atomic: other.amount });
  await till.given(id, 0);
  expect(await till.view(id)).toMatchObject({ status: 'succeeded', moved_atomic: '100', payment: { status: 'refunded' } });
  expect(await till.counters()).toMatchObject({ refunded: '100', refunded_count: '1' });
  await expectChain(5);
});

test('both legs gone, taken back one after the other, are counted once, and the refund is named by what is left', async () => {
  const payment = await till.paid(100n);
  const id = await till.refund(payment);
  const attempts = [];
  for (const n of [0, 1]) {
    attempts.push(await till.signed(id, n));
    await till.post(id, await till.landed(id, n), n);
  }
  const first = await till.leg(id, 0);
  for (const n of [0, 1]) await till.legGone(id, n);
  await till.legDead(id, attempts[1] ?? '', 1);
  expect(await till.view(id)).toMatchObject({ status: 'processing', tx_sig: first.tx_sig, receipt_hash: first.receipt_hash });
  expect(await till.counters()).toMatchObject({ refunded_count: '1', refunded: first.amount });
  await till.legDead(id, attempts[0] ?? '', 0);
  expect(await till.view(id)).toMatchObject({ status: 'pending', tx_sig: null, receipt_hash: null });
  expect(await till.counters()).toMatchObject({ refunded_count: '0', refunded: '0' });
  expect(await till.balance(payment)).toEqual({ captured: 100n, refunded: 0n, reserved: 100n, refundable: 0n });
  for (const n of [0, 1]) await till.given(id, n);
  expect(await till.view(id)).toMatchObject({ status: 'succeeded', moved_atomic: '100' });
  expect(await till.counters()).toMatchObject({ refunded_count: '1', refunded: '100' });
  await expectChain(7);
});

test('I4: the fee that was kept of a leg is given back with it, and kept anew', async () => {
  const payment = await till.paid(100n);
  const id = await till.refund(payment, 50n, { fee: { amount_atomic: '10' } });
  const attempt = await till.signed(id);
  await till.post(id, await till.landed(id));
  expect([await fees(), await till.treasury()]).toEqual([-10n, 60n]);
  await till.legGone(id);
  await till.legDead(id, attempt);
  expect([await fees(), await till.treasury()]).toEqual([0n, 100n]);
  await till.given(id);
  expect([await fees(), await till.treasury()]).toEqual([-10n, 60n]);
  await expectChain(4);
});

test('I3 I4: of a payment that is gone, a refund with one leg moved and one unsigned succeeds in part; what moved is loss', async () => {
  const payment = await till.paid(100n);
  const id = await till.refund(payment);
  await till.given(id, 0);
  const moved = (await till.leg(id, 0)).amount;
  await till.legFinal(id, 0);
  await till.lost(payment);
  expect(await till.dead(payment)).toEqual({ status: 'failed' });
  expect(await till.view(id)).toMatchObject({
    status: 'partially_succeeded',
    failure: { code: 'payment_reversed' },
    moved_atomic: moved,
    voided_atomic: String(100n - BigInt(moved)),
    transfers: [{ status: 'posted' }, { status: 'voided' }],
    finalized_at: expect.any(String),
  });
  expect(await till.holds({ code: 'chain_loss', object: till.of.accountId })).toBe(BigInt(moved));
  expect(await till.treasury()).toBe(-BigInt(moved));
  await expectChain(3);
});
