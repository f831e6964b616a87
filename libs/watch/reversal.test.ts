import { beforeEach, describe, expect, test } from 'vitest';
import { verifyChain } from '#libs/receipts/verify';
import { Bookkeeper } from '#test/support/bookkeeper';
import { useDatabase } from '#test/support/database';

const at = useDatabase();
let books: Bookkeeper;
beforeEach(async () => {
  books = await Bookkeeper.open(at.db);
});

/** A refund that was posted, marked as gone, and proven dead. */
async function takenBack(paymentId: string, amount: bigint): Promise<{ id: string; attempt: string }> {
  const id = await books.refund(paymentId, amount);
  const attempt = await books.signed(id);
  await books.post(id, await books.landed(id));
  await books.legGone(id);
  await books.legDead(id, attempt);
  return { id, attempt };
}

const expectChain = async (count: number) => expect(verifyChain(await books.receipts())).toEqual({ ok: true, count });

describe('a refund’s transaction that is proven gone', () => {
  test('I1 I4 I5: is taken back in the books, and its money reserved anew', async () => {
    const payment = await books.paid(100n);
    const before = {
      treasury: await books.treasury(),
      fee: await books.holds({ code: 'network_fee', object: books.of.accountId }, 'SOL'),
    };
    const { id } = await takenBack(payment, 40n);

    expect(await books.balance(payment)).toEqual({ captured: 100n, refunded: 0n, reserved: 40n, refundable: 60n });
    expect(await books.treasury()).toBe(before.treasury);
    expect(await books.holds({ code: 'network_fee', object: books.of.accountId }, 'SOL')).toBe(before.fee);
    expect(await books.view(id)).toMatchObject({
      status: 'pending',
      waiting: { reason: 'not_yet_sent' },
      needs_attention: false,
      tx_sig: null,
      receipt_hash: null,
      moved_atomic: '0',
      completed_at: null,
      transfers: [{ status: 'reserved', tx_sig: null, slot: null, network_fee_lamports: null, attempts: [{ outcome: 'dead' }] }],
      payment: { status: 'settled', refunded_atomic: '0', reserved_atomic: '40', refundable_atomic: '60' },
    });
    expect(await books.counters()).toMatchObject({ refunded: '0', refunded_count: '0', gross: '100', settled_count: '1' });
    const [, given, reversal] = await books.receipts();
    expect(reversal).toMatchObject({
      v: '0.3',
      kind: 'reversal',
      voids_receipt_hash: given?.receipt_hash,
      price: given?.price,
      tx_sig: given?.tx_sig,
    });
    await expectChain(3);
  });

  test('I2 I5: is signed, landed and posted anew, with postings and a receipt of its own', async () => {
    const payment = await books.paid(100n);
    const { id } = await takenBack(payment, 100n);
    await books.given(id);

    expect(await books.view(id)).toMatchObject({
      status: 'succeeded',
      moved_atomic: '100',
      transfers: [{ status: 'posted', attempts: [{ outcome: 'dead' }, { outcome: 'landed' }] }],
      payment: { status: 'refunded', refunded_atomic: '100', reserved_atomic: '0', refundable_atomic: '0' },
    });
    expect(await books.treasury()).toBe(0n);
    expect(await books.counters()).toMatchObject({ refunded: '100', refunded_count: '1' });
    expect((await books.receipts()).at(-1)).toMatchObject({ kind: 'refund', sequence: 2, remaining_refundable_atomic: '0' });
    await expectChain(4);
  });

  test('I5: may be gone again, and again', async () => {
    const payment = await books.paid(100n);
    const { id } = await takenBack(payment, 70n);
    for (let n = 0; n < 2; n++) {
      const attempt = await books.signed(id);
      await books.post(id, await books.landed(id));
      await books.legGone(id);
      await books.legDead(id, attempt);
    }
    await books.given(id);
    expect(await books.balance(payment)).toEqual({ captured: 100n, refunded: 70n, reserved: 0n, refundable: 30n });
    expect(await books.counters()).toMatchObject({ refunded: '70', refunded_count: '1' });
    await expectChain(8);
  });

  test('I6: is told once for each thing that changed', async () => {
    const payment = await books.paid(100n);
    const { id } = await takenBack(payment, 100n);
    await books.given(id);
    expect(await books.told(id)).toEqual([
      'refund.created',
      'refund.processing',
      'refund.succeeded',
      'refund.reopened',
      'refund.pending',
      'refund.processing',
      'refund.succeeded',
    ]);
    expect(await books.told(payment)).toEqual([
      'payment.settled',
      'payment.delivered',
      'payment.refunded',
      'payment.reopened',
      'payment.refunded',
    ]);
  });

  test('takes nothing back twice, whoever proves it, at once or later', async () => {
    const payment = await books.paid(100n);
    const id = await books.refund(payment, 40n);
    const attempt = await books.signed(id);
    await books.post(id, await books.landed(id));
    await books.legGone(id);
    await Promise.all(Array.from({ length: 5 }, () => books.legDead(id, attempt)));
    await books.legDead(id, attempt);
    expect(await books.balance(payment)).toMatchObject({ refunded: 0n, reserved: 40n });
    await expectChain(3);
    await books.given(id);
    await books.legDead(id, attempt);
    expect(await books.balance(payment)).toMatchObject({ refunded: 40n, reserved: 0n });
  });

  test('I2: is not posted by a run that saw it land and was slow', async () => {
    const payment = await books.paid(100n);
    const id = await books.refund(payment, 40n);
    const attempt = await books.signed(id);
    const slow = await books.landed(id);
    await books.post(id, slow);
    await books.legGone(id);
    await books.legDead(id, attempt);
    await books.post(id, slow);
    expect(await books.balance(payment)).toMatchObject({ refunded: 0n, reserved: 40n });
    expect(await books.leg(id)).toMatchObject({ status: 'reserved', receipt_hash: null });
    await expectChain(3);
  });

  test('that is seen again before it is proven dead stands as it was booked', async () => {
    const payment = await books.paid(100n);
    const id = await books.refund(payment, 40n);
    const attempt = await books.signed(id);
    const landed = await books.landed(id);
    await books.post(id, landed);
    await books.legGone(id);
    expect(await books.view(id)).toMatchObject({
      status: 'processing',
      waiting: { reason: 'outcome_unknown' },
      needs_attention: true,
    });
    await books.post(id, { ...landed, slot: '777' });
    expect(await books.view(id)).toMatchObject({ status: 'succeeded', moved_atomic: '40', transfers: [{ slot: '777' }] });
    const where = await at.db.read.selectFrom('attempts').select('landed_slot').where('id', '=', attempt).executeTakeFirst();
    expect(where).toEqual({ landed_slot: '777' });
    // A proof that comes too late finds it posted.
    await books.legDead(id, attempt);
    expect(await books.balance(payment)).toMatchObject({ refunded: 40n, reserved: 0n });
    expect(await books.counters()).toMatchObject({ refunded: '40', refunded_count: '1' });
    await expectChain(2);
  });

  test('lowers a refunded payment to what is left of it', async () => {
    const payment = await books.paid(100n);
    const kept = await books.refund(payment, 60n);
    await books.given(kept);
    await takenBack(payment, 40n);
    expect(await books.payment(payment)).toMatchObject({ status: 'partially_refunded' });
    expect(await books.balance(payment)).toEqual({ captured: 100n, refunded: 60n, reserved: 40n, refundable: 0n });
    expect((await books.told(payment)).at(-1)).toBe('payment.reopened');
  });

  test('once it is final, or another has come in its place, is not marked', async () => {
    const payment = await books.paid(100n);
    const id = await books.refund(payment, 40n);
    await books.given(id);
    const leg = await books.leg(id);
    await books.legFinal(id);
    await books.legGone(id);
    expect(await books.view(id)).toMatchObject({ status: 'succeeded', finalized_at: expect.any(String) });
    const other = await takenBack(payment, 10n);
    await books.given(other.id);
    await at.db.read
      .updateTable('legs')
      .set({ tx_sig: 'another' })
      .where('id', '=', (await books.leg(other.id)).id)
      .execute();
    await books.legGone(id);
    expect((await books.leg(id)).tx_sig).toBe(leg.tx_sig);
    expect((await books.view(id)).status).toBe('succeeded');
  });
});

describe('a payment that is gone from the chain', () => {
  test('is pending, refuses new refunds, and is back as it was when it is seen again', async () => {
    const payment = await books.paid(100n);
    await books.given(await books.refund(payment, 30n));
    await books.lost(payment);
    expect(await books.payment(payment)).toMatchObject({ status: 'pending', needs_attention: true });
    await expect(books.refund(payment, 1n)).rejects.toMatchObject({ code: 'payment_not_settled' });
    await books.found(payment);
    await books.found(payment);
    expect(await books.payment(payment)).toMatchObject({ status: 'partially_refunded', needs_attention: false, waiting: null });
    expect(await books.balance(payment)).toEqual({ captured: 100n, refunded: 30n, reserved: 0n, refundable: 70n });
    expect(await books.counters()).toMatchObject({ gross: '100', settled_count: '1' });
    expect(await books.told(payment)).toEqual([
      'payment.settled',
      'payment.delivered',
      'payment.partially_refunded',
      'payment.reopened',
      'payment.partially_refunded',
    ]);
    await expectChain(2);
  });

  test('I4 I5: and proven dead, without refunds, is taken back whole, with a break', async () => {
    const payment = await books.paid(100n);
    await books.lost(payment);
    expect(await books.dead(payment)).toEqual({ status: 'failed' });
    expect(await books.payment(payment)).toMatchObject({
      status: 'failed',
      failure_code: 'payment_reversed',
      waiting: null,
      needs_attention: false,
      next_due_at: null,
    });
    expect(await books.treasury()).toBe(0n);
    expect(await books.balance(payment)).toEqual({ captured: 0n, refunded: 0n, reserved: 0n, refundable: 0n });
    expect(await books.counters()).toMatchObject({ gross: '0', settled_count: '0', last_tx_sig: null, last_settled_at: null });
    const breaks = await at.db.read.selectFrom('breaks').selectAll().where('object_id', '=', payment).execute();
    expect(breaks).toMatchObject([
      { kind: 'payment_reversed', object_type: 'payment', expected: '100', found: '0', detail: { chain_loss_atomic: '0' } },
    ]);
    expect(await books.told(breaks[0]?.id ?? '')).toEqual(['reconciliation.break_opened']);
    expect((await books.told(payment)).slice(-2)).toEqual(['payment.reopened', 'payment.failed']);
    await expectChain(2);
    expect(await books.dead(payment)).toEqual({ status: 'failed' });
    await expectChain(2);
  });

  test('fails a refund that nothing was signed for, and wakes its carrier', async () => {
    const payment = await books.paid(100n);
    const id = await books.refund(payment, 40n);
    await books.lost(payment);
    expect(await books.dead(payment)).toEqual({ status: 'failed' });
    expect(await books.view(id)).toMatchObject({
      status: 'failed',
      failure: { code: 'payment_reversed' },
      voided_atomic: '40',
      waiting: null,
      completed_at: expect.any(String),
    });
    expect(await books.outbox(`refund:${id}`)).toEqual([{ kind: 'wake' }]);
    expect((await books.told(id)).slice(1)).toEqual(['refund.failed']);
    expect(await books.balance(payment)).toEqual({ captured: 0n, refunded: 0n, reserved: 0n, refundable: 0n });
  });

  test('I3 I7: waits for a refund that was signed, says so, and ends when that has landed and is final: the rest is loss', async () => {
    const payment = await books.paid(100n);
    const unsigned = await books.refund(payment, 10n);
    const signed = await books.refund(payment, 40n);
    await books.signed(signed);
    await books.lost(payment);
    const wait = { status: 'pending', waiting: { reason: 'outcome_unknown', since: expect.any(String) } };
    expect(await books.dead(payment)).toEqual(wait);
    expect(await books.payment(payment)).toMatchObject({
      status: 'pending',
      needs_attention: true,
      waiting: { reason: 'outcome_unknown', ends_when: expect.stringContaining('refund') },
    });
    expect((await books.view(unsigned)).status).toBe('failed');
    expect((await books.view(signed)).status).toBe('processing');

    await books.post(signed, await books.landed(signed));
    expect((await books.payment(payment)).status).toBe('pending');
    expect(await books.dead(payment), 'posted, and not final: it may be gone yet').toEqual(wait);
    await books.legFinal(signed);
    expect(await books.dead(payment)).toEqual({ status: 'failed' });

    expect(await books.holds({ code: 'chain_loss', object: books.of.accountId })).toBe(40n);
    expect(await books.treasury()).toBe(-40n);
    expect(await books.balance(payment)).toMatchObject({ reserved: 0n, refundable: 0n });
    expect(await books.counters()).toMatchObject({ gross: '0', refunded: '40', settled_count: '0', refunded_count: '1' });
    const breaks = await at.db.read.selectFrom('breaks').selectAll().where('object_id', '=', payment).execute();
    expect(breaks).toMatchObject([{ expected: '100', found: '0', detail: { chain_loss_atomic: '40' } }]);
    await expectChain(3);
  });

  test('waits for a refund that is gone itself; proven dead, that one fails too and nothing is lost', async () => {
    const payment = await books.paid(100n);
    const id = await books.refund(payment, 40n);
    const attempt = await books.signed(id);
    await books.post(id, await books.landed(id));
    await books.lost(payment);
    await books.legGone(id);
    expect(await books.dead(payment)).toMatchObject({ status: 'pending' });
    await books.legDead(id, attempt);
    expect((await books.payment(payment)).status).toBe('pending');
    expect(await books.dead(payment)).toEqual({ status: 'failed' });
    expect(await books.view(id)).toMatchObject({ status: 'failed', failure: { code: 'payment_reversed' }, voided_atomic: '40' });
    expect(await books.holds({ code: 'chain_loss', object: books.of.accountId })).toBe(0n);
    expect(await books.treasury()).toBe(0n);
    await expectChain(4);
  });

  test('two runs that prove it at once take it back once', async () => {
    const payment = await books.paid(100n);
    await books.given(await books.refund(payment, 5n));
    const [refund] = await at.db.read.selectFrom('refunds').select('id').where('payment_id', '=', payment).execute();
    await books.legFinal(refund?.id ?? '');
    await books.lost(payment);
    await Promise.all(Array.from({ length: 5 }, () => books.dead(payment)));
    expect(await books.holds({ code: 'chain_loss', object: books.of.accountId })).toBe(5n);
    await expectChain(3);
  });

  test('is left alone once it is final, and by a proof that comes when it has been seen again', async () => {
    const payment = await books.paid(100n);
    await books.lost(payment);
    await books.found(payment);
    expect(await books.dead(payment)).toEqual({ status: 'settled' });
    await at.db.read.updateTable('payments').set({ finalized_at: new Date() }).where('id', '=', payment).execute();
    await books.lost(payment);
    expect((await books.payment(payment)).status).toBe('settled');
  });
});
