import { beforeAll, describe, expect, test } from 'vitest';
import { expectProblem, expectShape } from '../testing/expect.ts';
import { type Accepted, acceptedRefund, setState, storedAttempt } from '../testing/refunded.ts';
import { type Asked, useApi } from '../testing/use-api.ts';
import { Refund } from './schemas.ts';

const under = useApi();
let stranger = '';
const retry = (id: string, asked: Asked = {}) => under.ask('POST', `/v1/refunds/${id}/retry`, asked);
const lines = (id: string) =>
  under.db.read.selectFrom('outbox').select('kind').where('workflow_id', '=', `refund:${id}`).execute();
const setAside = async (refund: Accepted) =>
  (await under.db.read.selectFrom('legs').select('attempts_set_aside').where('id', '=', refund.leg).executeTakeFirstOrThrow())
    .attempts_set_aside;

beforeAll(async () => {
  stranger = await under.mint({ account: 'stranger' });
});

describe('POST /v1/refunds/{id}/retry', () => {
  test('200 from attempts_exhausted: counting starts anew, it needs no one any more, and its carrier is woken', async () => {
    const refund = await acceptedRefund(under);
    await storedAttempt(under, refund, true);
    await setState(under, refund.id, 'pending', 'attempts_exhausted');
    const answer = await retry(refund.id, { body: { reason: 'the program is fixed' } });
    expectShape(answer, 200, Refund);
    expect(answer.body).toMatchObject({ status: 'pending', waiting: { reason: 'not_yet_sent' }, needs_attention: false });
    expect(await setAside(refund)).toBe(1);
    expect(await lines(refund.id)).toEqual([{ kind: 'wake' }]);
  });

  test('200 from any other wait: only woken, and audited', async () => {
    const refund = await acceptedRefund(under);
    await setState(under, refund.id, 'pending', 'insufficient_funds');
    const answer = await retry(refund.id);
    expect(answer.body).toMatchObject({ status: 'pending', waiting: { reason: 'insufficient_funds' } });
    expect(await lines(refund.id)).toEqual([{ kind: 'wake' }]);
    const acts = await under.db.read.selectFrom('acts').select(['kind']).where('refund_id', '=', refund.id).execute();
    expect(acts).toEqual([{ kind: 'retry' }]);
  });

  test('200 beside a live attempt: it is left as it is', async () => {
    const refund = await acceptedRefund(under);
    await storedAttempt(under, refund, false);
    await setState(under, refund.id, 'processing', 'outcome_unknown');
    expect((await retry(refund.id)).body).toMatchObject({ status: 'processing', waiting: { reason: 'outcome_unknown' } });
  });

  test('200 from requires_address with a destination that was found unfit: it is asked about again', async () => {
    const { id } = await acceptedRefund(under);
    await setState(under, id, 'requires_address', 'address');
    expect((await retry(id)).body).toMatchObject({ status: 'pending', waiting: { reason: 'not_yet_sent' } });
  });

  test.each([
    ['succeeded', null],
    ['canceled', null],
    ['failed', null],
    ['partially_succeeded', null],
    ['requires_approval', 'approval'],
    ['requires_signature', 'signature'],
  ])('409 refund_state_conflict from %s', async (status, reason) => {
    const { id } = await acceptedRefund(under);
    await setState(under, id, status, reason);
    const answer = await retry(id);
    expectProblem(answer, 409, 'refund_state_conflict');
    expect(answer.body).toMatchObject({ refund_id: id, refund_status: status, waiting_reason: reason });
  });

  test('409: no destination is known', async () => {
    const { id } = await acceptedRefund(under);
    await setState(under, id, 'requires_address', 'address');
    await under.db.read
      .updateTable('refunds')
      .set({ destination_owner: null, destination_account: null })
      .where('id', '=', id)
      .execute();
    expectProblem(await retry(id), 409, 'refund_state_conflict');
  });

  test('404, 401, 403, 400', async () => {
    const { id } = await acceptedRefund(under);
    expectProblem(await retry(id, { key: stranger }), 404, 'refund_not_found');
    expectProblem(await retry(id, { key: null }), 401, 'key_missing');
    expectProblem(await retry(id, { key: await under.mint({ scopes: ['refunds:write'] }) }), 403, 'scope_missing');
    expectProblem(await retry(id, { body: { times: 3 } }), 400, 'invalid_request');
  });
});
