import { beforeAll, describe, expect, test } from 'vitest';
import { expectProblem, expectShape } from '../testing/expect.ts';
import { type Settled, settledPayment } from '../testing/settled-payment.ts';
import { type Asked, useApi } from '../testing/use-api.ts';
import { Refund, RefundList } from './schemas.ts';

const under = useApi();
let payment: Settled;
let stranger = '';
let keys = 0;
const refund = (body: object, asked: Asked = {}, path = '/v1/payments/refund') =>
  under.ask('POST', path, { ...asked, headers: { 'idempotency-key': `key-${++keys}`, ...asked.headers }, body });
const written = async () =>
  Number(
    (
      await under.db.read
        .selectFrom('refunds')
        .select(({ fn }) => fn.countAll().as('n'))
        .executeTakeFirstOrThrow()
    ).n,
  );

beforeAll(async () => {
  payment = await settledPayment(under);
  stranger = await under.mint({ account: 'stranger' });
});

describe('POST /v1/payments/refund', () => {
  test('201: reserved at once, by any of the payment’s three names and on either path', async () => {
    const { id, txSig, receiptHash, payer, mint } = await settledPayment(under);
    const first = await refund({
      payment_id: id,
      amount_atomic: '40000',
      reason: 'requested_by_customer',
      metadata: { ticket: 7 },
    });
    expectShape(first, 201, Refund);
    expect(first.body).toMatchObject({
      payment_id: id,
      owner_agent: mint,
      status: 'pending',
      waiting: { reason: 'not_yet_sent' },
      amount_atomic: '40000',
      payer_receives_atomic: '40000',
      moved_atomic: '0',
      destination: { owner: payer, how: 'payer' },
      original_tx_sig: txSig,
      original_receipt_hash: receiptHash,
      metadata: { ticket: 7 },
      initiator: { type: 'api_key' },
      payment: { amount_atomic: '100000', reserved_atomic: '40000', refundable_atomic: '60000' },
    });
    const bySignature = await refund({ original_tx_sig: txSig, amount_atomic: '10000' }, {}, '/v1/refunds');
    expect(bySignature.body.payment.refundable_atomic).toBe('50000');
    const rest = await refund({ original_receipt_hash: receiptHash });
    expect(rest.body).toMatchObject({ amount_atomic: '50000', payment: { refundable_atomic: '0' } });
  });

  test('the same key gives the same refund, on the alias too; another body is 409', async () => {
    const { id } = await settledPayment(under);
    const asked = { headers: { 'idempotency-key': 'refund-once' } };
    const first = await refund({ payment_id: id, amount_atomic: '1000' }, asked);
    const again = await refund({ amount_atomic: '1000', payment_id: id }, asked, '/v1/refunds');
    expect([again.status, again.body, again.headers['idempotent-replayed']]).toEqual([201, first.body, 'true']);
    expectProblem(await refund({ payment_id: id, amount_atomic: '1001' }, asked), 409, 'idempotency_body_mismatch');
  });

  test('another X-Ebb-Client-Reference does not make another body of it', async () => {
    const { id } = await settledPayment(under);
    const ask = (reference: string) =>
      refund(
        { payment_id: id, amount_atomic: '1000' },
        { headers: { 'idempotency-key': 'refund-ref', 'x-ebb-client-reference': reference } },
      );
    const first = await ask('a');
    expect((await ask('b')).body).toEqual(first.body);
    expect(first.body.client_reference).toBe('a');
  });

  test('a known external_id is 200 with the refund as it is now; other content is 409', async () => {
    const { id } = await settledPayment(under);
    const body = { payment_id: id, amount_atomic: '1000', external_id: 'order-1' };
    const first = await under.ask('POST', '/v1/refunds', { body });
    const again = await under.ask('POST', '/v1/refunds', { body });
    expectShape(again, 200, Refund);
    expect([first.status, again.body.id]).toEqual([201, first.body.id]);
    expectProblem(await refund({ ...body, amount_atomic: '999' }), 409, 'external_id_conflict');
  });

  test('400: neither a key nor an external_id', async () => {
    expectProblem(await under.ask('POST', '/v1/refunds', { body: { payment_id: payment.id } }), 400, 'idempotency_key_missing');
  });

  test.each([
    ['', {}],
    ['', { payment_id: 'pay_1', original_tx_sig: 'x' }],
    ['/amount_atomic', { payment_id: 'pay_1', amount_atomic: 40_000 }],
    ['/amount_atomic', { payment_id: 'pay_1', amount_atomic: '0.04' }],
    ['/amount_atomic', { payment_id: 'pay_1', amount_atomic: '-1' }],
    ['/amount_atomic', { payment_id: 'pay_1', amount_atomic: '' }],
    ['/reason', { payment_id: 'pay_1', reason: 'because' }],
    ['/reason_text', { payment_id: 'pay_1', reason_text: 'x'.repeat(501) }],
    ['/external_id', { payment_id: 'pay_1', external_id: 'x'.repeat(129) }],
    ['/destination/owner', { payment_id: 'pay_1', destination: { owner: 'me' } }],
    ['/source', { payment_id: 'pay_1', source: 'thin air' }],
    ['/fee/amount_atomic', { payment_id: 'pay_1', fee: { amount_atomic: 1 } }],
    ['/amount', { payment_id: 'pay_1', amount: '1' }],
    ['/metadata', { payment_id: 'pay_1', metadata: [] }],
    ['/client_reference', { payment_id: 'pay_1', client_reference: 'x'.repeat(257) }],
  ])('400 at %j', async (pointer, body) => {
    const answer = await refund(body);
    expectProblem(answer, 400, 'invalid_request');
    expect(answer.body.errors.map((fault: { pointer: string }) => fault.pointer)).toContain(pointer);
  });

  test('422: more than is left, above 64 bits too, with both numbers', async () => {
    for (const amount_atomic of ['100001', '18446744073709551616', '9'.repeat(40)]) {
      const answer = await refund({ payment_id: payment.id, amount_atomic });
      expectProblem(answer, 422, 'refund_exceeds_remaining');
      expect(answer.body).toMatchObject({ requested_atomic: amount_atomic, refundable_atomic: '100000' });
    }
  });

  test('422: nothing at all, money of another source, a fee', async () => {
    const { id } = payment;
    expectProblem(await refund({ payment_id: id, amount_atomic: '0' }), 422, 'amount_not_positive');
    expectProblem(await refund({ payment_id: id, source: 'platform' }), 422, 'source_not_allowed');
  });

  test('409: not settled, refunded whole, changed meanwhile', async () => {
    expectProblem(await refund({ payment_id: payment.id, expected_refundable_atomic: '99999' }), 409, 'balance_changed');
    const pending = await settledPayment(under);
    await under.db.read.updateTable('payments').set({ status: 'pending' }).where('id', '=', pending.id).execute();
    expectProblem(await refund({ payment_id: pending.id }), 409, 'payment_not_settled');
  });

  test('404: someone else’s payment is nobody’s, and nothing is written', async () => {
    const before = await written();
    for (const name of [
      { payment_id: payment.id },
      { original_tx_sig: payment.txSig },
      { original_receipt_hash: payment.receiptHash },
    ]) {
      expectProblem(await refund(name, { key: stranger }), 404, 'payment_not_found');
    }
    expectProblem(await refund({ payment_id: 'pay_nothing' }), 404, 'payment_not_found');
    expect(await written()).toBe(before);
  });

  test('401 and 403', async () => {
    expectProblem(await refund({ payment_id: payment.id }, { key: null }), 401, 'key_missing');
    expectProblem(
      await refund({ payment_id: payment.id }, { key: await under.mint({ scopes: ['refunds:read'] }) }),
      403,
      'scope_missing',
    );
  });

  test('64 at once against one payment: none over, and the sum is exact', async () => {
    const { id } = await settledPayment(under, 100_000n);
    const answers = await Promise.all(Array.from({ length: 64 }, () => refund({ payment_id: id, amount_atomic: '3000' })));
    const accepted = answers.filter(answer => answer.status === 201);
    expect(accepted.length).toBe(33);
    for (const answer of answers.filter(one => one.status !== 201)) expectProblem(answer, 422, 'refund_exceeds_remaining');
    const after = await under.ask('GET', `/v1/payments/${id}`);
    expect(after.body).toMatchObject({ reserved_atomic: '99000', refundable_atomic: '1000' });
  });
});

describe('GET /v1/refunds', () => {
  test('200 for one’s own, 404 for someone else’s', async () => {
    const { body } = await refund({ payment_id: payment.id, amount_atomic: '1' });
    expectShape(await under.ask('GET', `/v1/refunds/${body.id}`), 200, Refund);
    expectProblem(await under.ask('GET', `/v1/refunds/${body.id}`, { key: stranger }), 404, 'refund_not_found');
    expectProblem(await under.ask('GET', '/v1/refunds/re_nothing'), 404, 'refund_not_found');
  });

  test('each filter finds what it names and nothing else; a stranger finds nothing', async () => {
    const { id, payer, mint } = await settledPayment(under);
    const one = await refund({
      payment_id: id,
      amount_atomic: '5',
      reason: 'duplicate',
      external_id: 'e-1',
      client_reference: 'c-1',
    });
    const two = await refund({ payment_id: id, amount_atomic: '6', reason: 'fraudulent' });
    await under.db.read.updateTable('legs').set({ tx_sig: 'sig-of-two' }).where('refund_id', '=', two.body.id).execute();
    const list = async (query: string, key = under.key) => {
      const answer = await under.ask('GET', `/v1/refunds?${query}`, { key });
      expectShape(answer, 200, RefundList);
      return answer.body.items.map((item: { id: string }) => item.id);
    };
    const both = [two.body.id, one.body.id];
    expect(await list(`payment_id=${id}`)).toEqual(both);
    expect(await list(`owner_agent=${mint}`)).toEqual(both);
    expect(await list(`payer=${payer}`)).toEqual(both);
    expect(await list('external_id=e-1')).toEqual([one.body.id]);
    expect(await list('client_reference=c-1')).toEqual([one.body.id]);
    expect(await list(`payment_id=${id}&reason=duplicate`)).toEqual([one.body.id]);
    expect(await list(`payment_id=${id}&status=pending&needs_attention=false`)).toEqual(both);
    expect(await list(`payment_id=${id}&status=succeeded`)).toEqual([]);
    expect(await list('tx_sig=sig-of-two')).toEqual([two.body.id]);
    expect(await list('failure_code=expired')).toEqual([]);
    expect(await list('batch_id=rb_1')).toEqual([]);
    expect(await list(`payment_id=${id}&completed[gte]=2020-01-01T00:00:00Z`)).toEqual([]);
    expect(await list(`payment_id=${id}&finalized[lt]=2999-01-01T00:00:00Z`)).toEqual([]);
    expect(await list(`payment_id=${id}&limit=1&created[gte]=2020-01-01T00:00:00Z`)).toEqual([two.body.id]);
    expect(await list(`payment_id=${id}`, stranger)).toEqual([]);
  });

  test('400: a status that is none', async () => {
    expectProblem(await under.ask('GET', '/v1/refunds?status=done'), 400, 'invalid_request');
  });
});
