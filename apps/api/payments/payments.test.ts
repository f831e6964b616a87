import { beforeAll, describe, expect, test } from 'vitest';
import { expectProblem, expectShape } from '../testing/expect.ts';
import { type Settled, settledPayment } from '../testing/settled-payment.ts';
import { useApi } from '../testing/use-api.ts';
import { Payment, PaymentList } from './schemas.ts';

const under = useApi();
let payment: Settled;
let other: Settled;
let stranger = '';

beforeAll(async () => {
  payment = await settledPayment(under);
  other = await settledPayment(under, 5n);
  stranger = await under.mint({ account: 'stranger' });
});

describe('GET /v1/payments/{id}', () => {
  test('200: what the books and the chain say of it', async () => {
    const answer = await under.ask('GET', `/v1/payments/${payment.id}`);
    expectShape(answer, 200, Payment);
    expect(answer.body).toMatchObject({
      id: payment.id,
      payment_link_id: payment.link,
      owner_agent: payment.mint,
      status: 'settled',
      amount_atomic: '100000',
      payer: { owner: payment.payer },
      tx_sig: payment.txSig,
      refunded_atomic: '0',
      refundable_atomic: '100000',
      workflow: { id: `settlement:${payment.id}`, url: `http://temporal.test/settlement:${payment.id}` },
    });
  });

  test('404 for someone else’s, 403 without the scope, 401 without a key', async () => {
    expectProblem(await under.ask('GET', `/v1/payments/${payment.id}`, { key: stranger }), 404, 'payment_not_found');
    const key = await under.mint({ scopes: ['refunds:read'] });
    expectProblem(await under.ask('GET', `/v1/payments/${payment.id}`, { key }), 403, 'scope_missing');
    expectProblem(await under.ask('GET', `/v1/payments/${payment.id}`, { key: null }), 401, 'key_missing');
  });
});

describe('GET /v1/payments', () => {
  test('each filter finds what it names; a stranger finds nothing', async () => {
    const list = async (query: string, key = under.key) => {
      const answer = await under.ask('GET', `/v1/payments?${query}`, { key });
      expectShape(answer, 200, PaymentList);
      return answer.body.items.map((item: { id: string }) => item.id);
    };
    await under.db.read.updateTable('payments').set({ client_reference: 'c-9' }).where('id', '=', other.id).execute();
    expect(await list('')).toEqual([other.id, payment.id]);
    expect(await list(`owner_agent=${payment.mint}`)).toEqual([payment.id]);
    expect(await list(`payment_link_id=${other.link}`)).toEqual([other.id]);
    expect(await list(`payer=${payment.payer}`)).toEqual([payment.id]);
    expect(await list(`tx_sig=${other.txSig}`)).toEqual([other.id]);
    expect(await list('client_reference=c-9')).toEqual([other.id]);
    expect(await list('status=settled')).toEqual([other.id, payment.id]);
    expect(await list('status=failed')).toEqual([]);
    expect(await list('', stranger)).toEqual([]);
  });

  test('400: a payer that is no address', async () => {
    expectProblem(await under.ask('GET', '/v1/payments?payer=me'), 400, 'invalid_request');
  });
});
