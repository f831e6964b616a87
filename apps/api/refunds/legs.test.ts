import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { voidPending } from '#libs/ledger/resolve';
import { expectProblem, expectShape } from '../testing/expect.ts';
import { setState, storedAttempt } from '../testing/refunded.ts';
import { settledPayment } from '../testing/settled-payment.ts';
import { useApi } from '../testing/use-api.ts';
import { Refund } from './schemas.ts';

const under = useApi({ EBB_MAX_LEG_DEVNET_ATOMIC: '15000' });
const ask = (body: object) =>
  under.ask('POST', '/v1/refunds', { body, headers: { 'idempotency-key': randomBytes(8).toString('hex') } });

/** As posting leaves a leg, as far as acts look at it. */
async function posted(leg: string, signature = randomBytes(32).toString('hex')): Promise<string> {
  await under.db.read.updateTable('legs').set({ status: 'posted', tx_sig: signature }).where('id', '=', leg).execute();
  return signature;
}

async function threeLegs() {
  const payment = await settledPayment(under);
  const { body } = await ask({ payment_id: payment.id, amount_atomic: '40000' });
  return { payment, id: String(body.id), legs: body.transfers as { id: string; amount_atomic: string }[] };
}

describe('a refund above what a signer moves at once', () => {
  test('201: it is split into legs, each with a reservation of its own', async () => {
    const payment = await settledPayment(under);
    const answer = await ask({ payment_id: payment.id, amount_atomic: '40000' });
    expectShape(answer, 201, Refund);
    expect(answer.body).toMatchObject({ amount_atomic: '40000', payer_receives_atomic: '40000', fee: null });
    expect(answer.body.transfers).toMatchObject([
      { leg: 0, amount_atomic: '15000', payer_receives_atomic: '15000', status: 'reserved' },
      { leg: 1, amount_atomic: '15000' },
      { leg: 2, amount_atomic: '10000' },
    ]);
    const held = await under.db.read
      .selectFrom('ledger_transfers')
      .select('amount')
      .where('source_id', '=', answer.body.id)
      .where('kind', '=', 'pending')
      .orderBy('id')
      .execute();
    expect(held.map(one => one.amount).sort()).toEqual(['10000', '15000', '15000']);
    expect(answer.body.payment).toMatchObject({ reserved_atomic: '40000', refundable_atomic: '60000' });
  });

  test('422 too_many_legs: with the numbers, and nothing written', async () => {
    const payment = await settledPayment(under, 1_000_000n);
    const answer = await ask({ payment_id: payment.id, amount_atomic: '750001' });
    expectProblem(answer, 422, 'too_many_legs');
    expect(answer.body).toMatchObject({ legs: '51', max_legs: 50, max_leg_atomic: '15000' });
    expect((await ask({ payment_id: payment.id, amount_atomic: '750000' })).status).toBe(201);
  });

  test('it is found by the transaction of any leg', async () => {
    const { id, legs } = await threeLegs();
    for (const leg of legs) {
      const signature = await posted(leg.id);
      const found = await under.ask('GET', `/v1/refunds?tx_sig=${signature}`);
      expect(found.body.items.map((one: { id: string }) => one.id)).toEqual([id]);
    }
    expect((await under.ask('GET', '/v1/refunds?tx_sig=nobodys')).body.items).toEqual([]);
  });
});

describe('a refund of which a leg has moved', () => {
  for (const [status, reason] of [
    ['processing', 'not_yet_sent'],
    ['pending', 'insufficient_funds'],
    ['requires_address', 'address'],
  ] as const) {
    test(`canceled from ${status}: partially_succeeded, and the rest can be refunded anew`, async () => {
      const { payment, id, legs } = await threeLegs();
      await posted(legs[0]?.id ?? '');
      await setState(under, id, status, reason);
      const canceled = await under.ask('POST', `/v1/refunds/${id}/cancel`, { body: {} });
      expectShape(canceled, 200, Refund);
      expect(canceled.body).toMatchObject({
        status: 'partially_succeeded',
        waiting: null,
        failure: null,
        moved_atomic: '15000',
        voided_atomic: '25000',
        // The first leg's posting is not in these books.
        payment: { reserved_atomic: '15000', refundable_atomic: '85000' },
      });
      expect(canceled.body.completed_at).not.toBeNull();
      const listed = await under.ask('GET', `/v1/refunds?payment_id=${payment.id}&status=partially_succeeded`);
      expect(listed.body.items).toHaveLength(1);
      const told = await under.db.read
        .selectFrom('events')
        .select('kind')
        .where('object_id', '=', id)
        .orderBy('sequence')
        .execute();
      expect(told.map(one => one.kind)).toEqual(['refund.created', 'refund.partially_succeeded']);
      expect((await ask({ payment_id: payment.id, amount_atomic: '85000' })).status).toBe(201);
      expectProblem(await under.ask('POST', `/v1/refunds/${id}/cancel`, { body: {} }), 409, 'refund_not_cancelable');
    });

    test(`given up from ${status}: partially_succeeded, with what it waited for`, async () => {
      const { id, legs } = await threeLegs();
      await posted(legs[1]?.id ?? '');
      await setState(under, id, status, reason);
      const body = { give_up: true, reason: 'no more' };
      const given = await under.ask('POST', `/v1/refunds/${id}/resolve`, { body });
      expect(given.body).toMatchObject({
        status: 'partially_succeeded',
        voided_atomic: '25000',
        failure: { code: reason, message: 'no more' },
      });
    });
  }

  test('its finality is told at once where what moved was final before the rest was given back', async () => {
    const { id, legs } = await threeLegs();
    const leg = legs[0]?.id ?? '';
    await posted(leg);
    await under.db.read.updateTable('legs').set({ finalized_at: new Date() }).where('id', '=', leg).execute();
    await setState(under, id, 'processing', 'not_yet_sent');
    const canceled = await under.ask('POST', `/v1/refunds/${id}/cancel`, { body: {} });
    expect(canceled.body.finalized_at).not.toBeNull();
  });

  test('409 attempt_live: a leg that may still land is not given back, nor is any other', async () => {
    const { payment, id, legs } = await threeLegs();
    await posted(legs[0]?.id ?? '');
    await storedAttempt(under, { payment, id, leg: legs[1]?.id ?? '' }, false);
    await setState(under, id, 'processing', 'awaiting_confirmation');
    expectProblem(await under.ask('POST', `/v1/refunds/${id}/cancel`, { body: {} }), 409, 'attempt_live');
    expect((await under.ask('GET', `/v1/refunds/${id}`)).body).toMatchObject({ status: 'processing', voided_atomic: '0' });
  });
});

describe('a fee', () => {
  test('201: it is kept from what the payer gets, the payment gives the gross, and each leg keeps its part', async () => {
    const payment = await settledPayment(under);
    const answer = await ask({ payment_id: payment.id, amount_atomic: '44000', fee: { amount_atomic: '4000' } });
    expectShape(answer, 201, Refund);
    expect(answer.body).toMatchObject({
      amount_atomic: '44000',
      payer_receives_atomic: '40000',
      fee: { amount_atomic: '4000' },
      payment: { reserved_atomic: '44000', refundable_atomic: '56000' },
    });
    expect(answer.body.transfers).toMatchObject([
      { amount_atomic: '16500', payer_receives_atomic: '15000' },
      { amount_atomic: '16500', payer_receives_atomic: '15000' },
      { amount_atomic: '11000', payer_receives_atomic: '10000' },
    ]);
  });

  test('422: not below the amount, zero, or of a refund that the platform pays', async () => {
    const payment = await settledPayment(under);
    const of = (fee: string, more = {}) =>
      ask({ payment_id: payment.id, amount_atomic: '1000', fee: { amount_atomic: fee }, ...more });
    const whole = await of('1000');
    expectProblem(whole, 422, 'fee_not_below_amount');
    expect(whole.body).toMatchObject({ fee_atomic: '1000', amount_atomic: '1000' });
    expectProblem(await of('99999999999999999999'), 422, 'fee_not_below_amount');
    expectProblem(await of('0'), 422, 'amount_not_positive');
    expectProblem(await of('1', { source: 'platform' }), 422, 'source_not_allowed');
    expectProblem(
      await ask({ payment_id: payment.id, amount_atomic: '1000', fee: { amount_atomic: '-1' } }),
      400,
      'invalid_request',
    );
    expectProblem(await ask({ payment_id: payment.id, amount_atomic: '1000', fee: {} }), 400, 'invalid_request');
    expect((await of('999')).body).toMatchObject({ payer_receives_atomic: '1' });
  });
});

test('a leg that was given back cannot be given back again', async () => {
  const { id, legs } = await threeLegs();
  await under.ask('POST', `/v1/refunds/${id}/cancel`, { body: {} });
  const again = under.db.tx('api.refund.act', tx =>
    voidPending(tx, { id: 'another', pendingId: `${legs[0]?.id}:reserve`, occurredAt: new Date() }),
  );
  await expect(again).rejects.toThrow('resolved otherwise');
});
