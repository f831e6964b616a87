import { beforeEach, describe, expect, test } from 'vitest';
import { verifyChain } from '#libs/receipts/verify';
import { useDatabase } from '#test/support/database';
import { Till } from '#test/support/till';

const at = useDatabase();
let till: Till;
beforeEach(async () => {
  till = await Till.open(at.db);
});

/** A refund that was posted, marked as gone, and proven dead. */
async function takenBack(paymentId: string, amount: bigint): Promise<{ id: string; attempt: string }> {
  const id = await till.refund(paymentId, amount);
  const attempt = await till.signed(id);
  await till.post(id, await till.landed(id));
  await till.legGone(id);
  await till.legDead(id, attempt);
  return { id, attempt };
}

const expectChain = async (count: number) => expect(verifyChain(await till.receipts())).toEqual({ ok: true, count });

describe('a refund’s transaction that is proven gone', () => {
  test('I1 I4 I5: is taken back in the books, and its money reserved anew', async () => {
    const payment = await till.paid(100n);
    const before = {
      treasury: await till.treasury(),
      fee: await till.holds({ code: 'network_fee', object: till.of.accountId }, 'SOL'),
    };
    const { id } = await takenBack(payment, 40n);

    expect(await till.balance(payment)).toEqual({ captured: 100n, refunded: 0n, reserved: 40n, refundable: 60n });
    expect(await till.treasury()).toBe(before.treasury);
    expect(await till.holds({ code: 'network_fee', object: till.of.accountId }, 'SOL')).toBe(before.fee);
    expect(await till.view(id)).toMatchObject({
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
    expect(await till.counters()).toMatchObject({ refunded: '0', refunded_count: '0', gross: '100', settled_count: '1' });
    const [, given, reversal] = await till.receipts();
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
    const payment = await till.paid(100n);
    const { id } = await takenBack(payment, 100n);
    await till.given(id);

    expect(await till.view(id)).toMatchObject({
      status: 'succeeded',
      moved_atomic: '100',
      transfers: [{ status: 'posted', attempts: [{ outcome: 'dead' }, { outcome: 'landed' }] }],
      payment: { status: 'refunded', refunded_atomic: '100', reserved_atomic: '0', refundable_atomic: '0' },
    });
    expect(await till.treasury()).toBe(0n);
    expect(await till.counters()).toMatchObject({ refunded: '100', refunded_count: '1' });
    expect((await till.receipts()).at(-1)).toMatchObject({ kind: 'refund', sequence: 2, remaining_refundable_atomic: '0' });
    await expectChain(4);
  });

  test('I5: may be gone again, and again', async () => {
    const payment = await till.paid(100n);
    const { id } = await takenBack(payment, 70n);
    for (let n = 0; n < 2; n++) {
      const attempt = await till.signed(id);
      await till.post(id, await till.landed(id));
      await till.legGone(id);
      await till.legDead(id, attempt);
    }
    await till.given(id);
    expect(await till.balance(payment)).toEqual({ captured: 100n, refunded: 70n, reserved: 0n, refundable: 30n });
    expect(await till.counters()).toMatchObject({ refunded: '70', refunded_count: '1' });
    await expectChain(8);
  });

  test('I6: is told once for each thing that changed', async () => {
    const payment = await till.paid(100n);
    const { id } = await takenBack(payment, 100n);
    await till.given(id);
    expect(await till.told(id)).toEqual([
      'refund.created',
      'refund.processing',
      'refund.succeeded',
      'refund.reopened',
      'refund.pending',
      'refund.processing',
      'refund.succeeded',
    ]);
    expect(await till.told(payment)).toEqual([
      'payment.settled',
      'payment.delivered',
      'payment.refunded',
      'payment.reopened',
      'payment.refunded',
    ]);
  });

  test('takes nothing back twice, whoever proves it, at once or later', async () => {
    const payment = await till.paid(100n);
    const id = await till.refund(payment, 40n);
    const attempt = await till.signed(id);
    await till.post(id, await till.landed(id));
    await till.legGone(id);
    await Promise.all(Array.from({ length: 5 }, () => till.legDead(id, attempt)));
    await till.legDead(id, attempt);
    expect(await till.balance(payment)).toMatchObject({ refunded: 0n, reserved: 40n });
    await expectChain(3);
    await till.given(id);
    await till.legDead(id, attempt);
    expect(await till.balance(payment)).toMatchObject({ refunded: 40n, reserved: 0n });
  });

  test('I2: is not posted by a run that saw it land and was slow', async () => {
    const payment = await till.paid(100n);
    const id = await till.refund(payment, 40n);
    const attempt = await till.signed(id);
    const slow = await till.landed(id);
    await till.post(id, slow);
    await till.legGone(id);
    await till.legDead(id, attempt);
    await till.post(id, slow);
    expect(await till.balance(payment)).toMatchObject({ refunded: 0n, reserved: 40n });
    expect(await till.leg(id)).toMatchObject({ status: 'reserved', receipt_hash: null });
    await expectChain(3);
  });

  test('that is seen again before it is proven dead stands as it was booked', async () => {
    const payment = await till.paid(100n);
    const id = await till.refund(payment, 40n);
    const attempt = await till.signed(id);
    const landed = await till.landed(id);
    await till.post(id, landed);
    await till.legGone(id);
    expect(await till.view(id)).toMatchObject({
      status: 'processing',
      waiting: { reason: 'outcome_unknown' },
      needs_attention: true,
    });
    await till.post(id, { ...landed, slot: '777' });
    expect(await till.view(id)).toMatchObject({ status: 'succeeded', moved_atomic: '40', transfers: [{ slot: '777' }] });
    // A proof that comes too late finds it posted.
    await till.legDead(id, attempt);
    expect(await till.balance(payment)).toMatchObject({ refunded: 40n, reserved: 0n });
    expect(await till.counters()).toMatchObject({ refunded: '40', refunded_count: '1' });
    await expectChain(2);
  });

  test('lowers a refunded payment to what is left of it', async () => {
    const payment = await till.paid(100n);
    const kept = await till.refund(payment, 60n);
    await till.given(kept);
    await takenBack(payment, 40n);
    expect(await till.payment(payment)).toMatchObject({ status: 'partially_refunded' });
    expect(await till.balance(payment)).toEqual({ captured: 100n, refunded: 60n, reserved: 40n, refundable: 0n });
    expect((await till.told(payment)).at(-1)).toBe('payment.reopened');
  });

  test('once it is final, or another has come in its place, is not marked', async () => {
    const payment = await till.paid(100n);
    const id = await till.refund(payment, 40n);
    await till.given(id);
    const leg = await till.leg(id);
    await till.legFinal(id);
    await till.legGone(id);
    expect(await till.view(id)).toMatchObject({ status: 'succeeded', finalized_at: expect.any(String) });
    const other = await takenBack(payment, 10n);
    await till.given(other.id);
    await at.db.read
      .updateTable('legs')
      .set({ tx_sig: 'another' })
      .where('id', '=', (await till.leg(other.id)).id)
      .execute();
    await till.legGone(id);
    expect((await till.leg(id)).tx_sig).toBe(leg.tx_sig);
    expect((await till.view(id)).status).toBe('succeeded');
  });
});

describe('a payment that is gone from the chain', () => {
  test('is pending, refuses new refunds, and is back as it was when it is seen again', async () => {
    const payment = await till.paid(100n);
    await till.given(await till.refund(payment, 30n));
    await till.lost(payment);
    expect(await till.payment(payment)).toMatchObject({ status: 'pending', needs_attention: true });
    await expect(till.refund(payment, 1n)).rejects.toMatchObject({ code: 'payment_not_settled' });
    await till.found(payment);
    await till.found(payment);
    expect(await till.payment(payment)).toMatchObject({ status: 'partially_refunded', needs_attention: false, waiting: null });
    expect(await till.balance(payment)).toEqual({ captured: 100n, refunded: 30n, reserved: 0n, refundable: 70n });
    expect(await till.counters()).toMatchObject({ gross: '100', settled_count: '1' });
    expect(await till.told(payment)).toEqual([
      'payment.settled',
      'payment.delivered',
      'payment.partially_refunded',
      'payment.reopened',
      'payment.partially_refunded',
    ]);
    await expectChain(2);
  });

  test('I4 I5: and proven dead, without refunds, is taken back whole, with a break', async () => {
    const payment = await till.paid(100n);
    await till.lost(payment);
    expect(await till.dead(payment)).toEqual({ status: 'failed' });
    expect(await till.payment(payment)).toMatchObject({
      status: 'failed',
      failure_code: 'payment_reversed',
      waiting: null,
      needs_attention: false,
      next_due_at: null,
    });
    expect(await till.treasury()).toBe(0n);
    expect(await till.balance(payment)).toEqual({ captured: 0n, refunded: 0n, reserved: 0n, refundable: 0n });
    expect(await till.counters()).toMatchObject({ gross: '0', settled_count: '0', last_tx_sig: null, last_settled_at: null });
    const breaks = await at.db.read.selectFrom('breaks').selectAll().where('object_id', '=', payment).execute();
    expect(breaks).toMatchObject([
      { kind: 'payment_reversed', object_type: 'payment', expected: '100', found: '0', detail: { chain_loss_atomic: '0' } },
    ]);
    expect(await till.told(breaks[0]?.id ?? '')).toEqual(['reconciliation.break_opened']);
    expect((await till.told(payment)).slice(-2)).toEqual(['payment.reopened', 'payment.failed']);
    await expectChain(2);
    expect(await till.dead(payment)).toEqual({ status: 'failed' });
    await expectChain(2);
  });

  test('fails a refund that nothing was signed for, and wakes its carrier', async () => {
    const payment = await till.paid(100n);
    const id = await till.refund(payment, 40n);
    await till.lost(payment);
    expect(await till.dead(payment)).toEqual({ status: 'failed' });
    expect(await till.view(id)).toMatchObject({
      status: 'failed',
      failure: { code: 'payment_reversed' },
      voided_atomic: '40',
      waiting: null,
      completed_at: expect.any(String),
    });
    expect(await till.outbox(`refund:${id}`)).toEqual([{ kind: 'wake' }]);
    expect((await till.told(id)).slice(1)).toEqual(['refund.failed']);
    expect(await till.balance(payment)).toEqual({ captured: 0n, refunded: 0n, reserved: 0n, refundable: 0n });
  });

  test('I3 I7: waits for a refund that was signed, says so, and ends when that has landed and is final: the rest is loss', async () => {
    const payment = await till.paid(100n);
    const unsigned = await till.refund(payment, 10n);
    const signed = await till.refund(payment, 40n);
    await till.signed(signed);
    await till.lost(payment);
    const wait = { status: 'pending', waiting: { reason: 'outcome_unknown', since: expect.any(String) } };
    expect(await till.dead(payment)).toEqual(wait);
    expect(await till.payment(payment)).toMatchObject({
      status: 'pending',
      needs_attention: true,
      waiting: { reason: 'outcome_unknown', ends_when: expect.stringContaining('refund') },
    });
    expect((await till.view(unsigned)).status).toBe('failed');
    expect((await till.view(signed)).status).toBe('processing');

    await till.post(signed, await till.landed(signed));
    expect((await till.payment(payment)).status).toBe('pending');
    expect(await till.dead(payment), 'posted, and not final: it may be gone yet').toEqual(wait);
    await till.legFinal(signed);
    expect(await till.dead(payment)).toEqual({ status: 'failed' });

    expect(await till.holds({ code: 'chain_loss', object: till.of.accountId })).toBe(40n);
    expect(await till.treasury()).toBe(-40n);
    expect(await till.balance(payment)).toMatchObject({ reserved: 0n, refundable: 0n });
    expect(await till.counters()).toMatchObject({ gross: '0', refunded: '40', settled_count: '0', refunded_count: '1' });
    const breaks = await at.db.read.selectFrom('breaks').selectAll().where('object_id', '=', payment).execute();
    expect(breaks).toMatchObject([{ expected: '100', found: '0', detail: { chain_loss_atomic: '40' } }]);
    await expectChain(3);
  });

  test('waits for a refund that is gone itself; proven dead, that one fails too and nothing is lost', async () => {
    const payment = await till.paid(100n);
    const id = await till.refund(payment, 40n);
    const attempt = await till.signed(id);
    await till.post(id, await till.landed(id));
    await till.lost(payment);
    await till.legGone(id);
    expect(await till.dead(payment)).toMatchObject({ status: 'pending' });
    await till.legDead(id, attempt);
    expect((await till.payment(payment)).status).toBe('pending');
    expect(await till.dead(payment)).toEqual({ status: 'failed' });
    expect(await till.view(id)).toMatchObject({ status: 'failed', failure: { code: 'payment_reversed' }, voided_atomic: '40' });
    expect(await till.holds({ code: 'chain_loss', object: till.of.accountId })).toBe(0n);
    expect(await till.treasury()).toBe(0n);
    await expectChain(4);
  });

  test('two runs that prove it at once take it back once', async () => {
    const payment = await till.paid(100n);
    await till.given(await till.refund(payment, 5n));
    const [refund] = await at.db.read.selectFrom('refunds').select('id').where('payment_id', '=', payment).execute();
    await till.legFinal(refund?.id ?? '');
    await till.lost(payment);
    await Promise.all(Array.from({ length: 5 }, () => till.dead(payment)));
    expect(await till.holds({ code: 'chain_loss', object: till.of.accountId })).toBe(5n);
    await expectChain(3);
  });

  test('is left alone once it is final, and by a proof that comes when it has been seen again', async () => {
    const payment = await till.paid(100n);
    await till.lost(payment);
    await till.found(payment);
    expect(await till.dead(payment)).toEqual({ status: 'settled' });
    await at.db.read.updateTable('payments').set({ finalized_at: new Date() }).where('id', '=', payment).execute();
    await till.lost(payment);
    expect((await till.payment(payment)).status).toBe('settled');
  });
});
