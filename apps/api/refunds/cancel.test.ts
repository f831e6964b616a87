import { beforeAll, describe, expect, test } from 'vitest';
import { expectProblem, expectShape } from '../testing/expect.ts';
import { acceptedRefund, setState, storedAttempt } from '../testing/refunded.ts';
import { type Asked, useApi } from '../testing/use-api.ts';
import { Refund } from './schemas.ts';

const under = useApi();
let stranger = '';
const cancel = (id: string, asked: Asked = {}) => under.ask('POST', `/v1/refunds/${id}/cancel`, asked);
const events = (id: string) =>
  under.db.read
    .selectFrom('events')
    .select(['kind', 'actor_type', 'actor_id', 'client_reference'])
    .where('object_id', '=', id)
    .orderBy('sequence')
    .execute();
const acts = (id: string) => under.db.read.selectFrom('acts').selectAll().where('refund_id', '=', id).execute();
const lines = (id: string) =>
  under.db.read.selectFrom('outbox').select(['kind', 'search']).where('workflow_id', '=', `refund:${id}`).execute();

beforeAll(async () => {
  stranger = await under.mint({ account: 'stranger' });
});

describe('POST /v1/refunds/{id}/cancel', () => {
  test('200: the money is free at once, one event tells it, one line wakes the carrier', async () => {
    const { id, payment } = await acceptedRefund(under);
    const answer = await cancel(id, { body: { reason: 'ordered again' }, headers: { 'x-ebb-client-reference': 'ticket 7' } });

    expectShape(answer, 200, Refund);
    expect(answer.body).toMatchObject({
      status: 'canceled',
      waiting: null,
      needs_attention: false,
      voided_atomic: '40000',
      moved_atomic: '0',
      payment: { reserved_atomic: '0', refunded_atomic: '0', refundable_atomic: '100000' },
    });
    expect(answer.body.completed_at).not.toBeNull();
    const [, event] = await events(id);
    expect(event).toMatchObject({ kind: 'refund.canceled', actor_type: 'api_key', client_reference: 'ticket 7' });
    expect(await acts(id)).toMatchObject([
      { kind: 'cancel', status_before: 'pending', status_after: 'canceled', arguments: { reason: 'ordered again' } },
    ]);
    expect(await lines(id)).toMatchObject([{ kind: 'wake', search: { FlowStatus: 'canceled' } }]);
    const anew = await under.ask('POST', '/v1/refunds', { body: { payment_id: payment.id, external_id: 'anew' } });
    expect(anew.body).toMatchObject({ status: 'pending', amount_atomic: '100000' });
  });

  test('the same key gives the same answer; without a key the second is too late', async () => {
    const { id } = await acceptedRefund(under);
    const asked = { headers: { 'idempotency-key': 'cancel-once' } };
    const first = await cancel(id, asked);
    const again = await cancel(id, asked);
    expect([again.status, again.body, again.headers['idempotent-replayed']]).toEqual([200, first.body, 'true']);
    expect(await acts(id)).toHaveLength(1);
    expectProblem(await cancel(id), 409, 'refund_not_cancelable');
    const other = await acceptedRefund(under);
    expectProblem(await cancel(other.id, asked), 409, 'idempotency_body_mismatch');
  });

  test.each([
    ['requires_address', 'address'],
    ['pending', 'insufficient_funds'],
    ['pending', 'attempts_exhausted'],
  ])('200 from %s (%s), with a dead attempt behind it', async (status, reason) => {
    const refund = await acceptedRefund(under);
    await storedAttempt(under, refund, true);
    await setState(under, refund.id, status, reason);
    expect((await cancel(refund.id)).body).toMatchObject({ status: 'canceled', voided_atomic: '40000' });
  });

  test('200 from processing, once every attempt is dead', async () => {
    const refund = await acceptedRefund(under);
    await storedAttempt(under, refund, true);
    await setState(under, refund.id, 'processing', 'awaiting_confirmation');
    expect((await cancel(refund.id)).body.status).toBe('canceled');
  });

  test('409 attempt_live: what is signed may still land, and nothing is written', async () => {
    const refund = await acceptedRefund(under);
    const signature = await storedAttempt(under, refund, false);
    await setState(under, refund.id, 'processing', 'awaiting_confirmation');
    const answer = await cancel(refund.id);
    expectProblem(answer, 409, 'attempt_live');
    expect(answer.body.attempts).toEqual([{ signature, last_valid_block_height: '900' }]);
    const after = await under.ask('GET', `/v1/refunds/${refund.id}`);
    expect(after.body).toMatchObject({ status: 'processing', payment: { reserved_atomic: '40000' } });
    expect([await events(refund.id), await acts(refund.id)]).toMatchObject([[{ kind: 'refund.created' }], []]);
  });

  test.each(['succeeded', 'partially_succeeded', 'failed', 'canceled'])('409 refund_not_cancelable from %s', async status => {
    const { id } = await acceptedRefund(under);
    await setState(under, id, status);
    const answer = await cancel(id);
    expectProblem(answer, 409, 'refund_not_cancelable');
    expect(answer.body).toMatchObject({ refund_id: id, refund_status: status });
  });

  test('of 16 at once one cancels, and the money is given back once', async () => {
    const { id, payment } = await acceptedRefund(under);
    const answers = await Promise.all(Array.from({ length: 16 }, () => cancel(id)));
    expect(answers.filter(one => one.status === 200)).toHaveLength(1);
    const after = await under.ask('GET', `/v1/payments/${payment.id}`);
    expect(after.body).toMatchObject({ reserved_atomic: '0', refundable_atomic: '100000' });
  });

  test('404: someone else’s refund, or none', async () => {
    const { id } = await acceptedRefund(under);
    expectProblem(await cancel(id, { key: stranger }), 404, 'refund_not_found');
    expectProblem(await cancel('re_nothing'), 404, 'refund_not_found');
    expect(await acts(id)).toEqual([]);
  });

  test('400: a field that is none, and a wrong type', async () => {
    const { id } = await acceptedRefund(under);
    expectProblem(await cancel(id, { body: { why: 'x' } }), 400, 'invalid_request');
    expectProblem(await cancel(id, { body: { reason: 7 } }), 400, 'invalid_request');
    expectProblem(await cancel(id, { body: '{', headers: { 'content-type': 'application/json' } }), 400, 'invalid_request');
  });

  test('401 and 403', async () => {
    const { id } = await acceptedRefund(under);
    expectProblem(await cancel(id, { key: null }), 401, 'key_missing');
    expectProblem(await cancel(id, { key: await under.mint({ scopes: ['refunds:read'] }) }), 403, 'scope_missing');
  });
});
