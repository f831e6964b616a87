import { beforeEach, describe, expect, test } from 'vitest';
import { expectProblem, expectShape } from '../testing/expect.ts';
import { settledPayment } from '../testing/settled-payment.ts';
import { useApi } from '../testing/use-api.ts';
import { Settings } from './schemas.ts';

const under = useApi();
let key = '';
let accounts = 0;
const change = (body: unknown, as = key) => under.ask('PATCH', '/v1/account/settings', { key: as, body });
const read = (as = key) => under.ask('GET', '/v1/account/settings', { key: as });
let refunds = 0;
const refund = (payment_id: string, amount_atomic = '1000') =>
  under.ask('POST', '/v1/refunds', { key, body: { payment_id, amount_atomic, external_id: `r-${++refunds}` } });

beforeEach(async () => {
  key = await under.mint({ account: `account-${++accounts}` });
});

const DEFAULTS = {
  funding_owners: [],
  refund_window_days: null,
  max_refunds_per_payment: null,
  rent_policy: { reopen: 'when_worth', min_atomic: '1000000' },
  people_wait_days: 90,
};

describe('GET and PATCH /v1/account/settings', () => {
  test('200: no limits until some are set; a change leaves the rest, null takes a limit away', async () => {
    expectShape(await read(), 200, Settings);
    expect((await read()).body).toEqual(DEFAULTS);
    expect((await change({ refund_window_days: 30 })).body).toEqual({ ...DEFAULTS, refund_window_days: 30 });
    expect((await change({ max_refunds_per_payment: 2 })).body).toEqual({
      ...DEFAULTS,
      refund_window_days: 30,
      max_refunds_per_payment: 2,
    });
    expect((await change({ refund_window_days: null })).body.refund_window_days).toBeNull();
    expect((await read()).body).toEqual({ ...DEFAULTS, max_refunds_per_payment: 2 });
  });

  test('200: a rent policy, whole', async () => {
    const never = { reopen: 'never', min_atomic: '1000000' };
    expect((await change({ rent_policy: { reopen: 'never' } })).body.rent_policy).toEqual(never);
    const dear = { reopen: 'when_worth', min_atomic: '5000000' };
    expect((await change({ rent_policy: dear })).body.rent_policy).toEqual(dear);
    expect((await read()).body.rent_policy).toEqual(dear);
  });

  test('they are the account’s own', async () => {
    await change({ refund_window_days: 3 });
    expect((await read(await under.mint({ account: 'stranger' }))).body.refund_window_days).toBeNull();
  });

  test.each([
    { rent_policy: null },
    { rent_policy: { reopen: 'sometimes' } },
    { rent_policy: { reopen: 'always', min_atomic: 1 } },
    { rent_policy: { reopen: 'always', min_atomic: '-1' } },
    { rent_policy: { reopen: 'always', more: true } },
    { refund_window_days: 0 },
    { refund_window_days: -1 },
    { refund_window_days: 1.5 },
    { refund_window_days: '30' },
    { refund_window_days: 1e9 },
    { max_refunds_per_payment: 0 },
    { max_refunds_per_payment: true },
    { people_wait_days: 0 },
    { people_wait_days: 366 },
    { people_wait_days: null },
    { refund_window: 3 },
    { funding_owners: 'me' },
    { funding_owners: ['not an address'] },
    { funding_owners: null },
    [],
    null,
  ])('400 for %j, and nothing is written', async body => {
    expectProblem(await change(body), 400, 'invalid_request');
    expect((await read()).body).toEqual(DEFAULTS);
  });

  test('401 and 403', async () => {
    expectProblem(await under.ask('GET', '/v1/account/settings', { key: null }), 401, 'key_missing');
    expectProblem(await change({}, await under.mint({ scopes: ['account:read'] })), 403, 'scope_missing');
    expectProblem(await read(await under.mint({ scopes: ['account:write'] })), 403, 'scope_missing');
  });
});

test('people_wait_days: a refund that nobody knows the address of waits so long, and no longer', async () => {
  await change({ people_wait_days: 7 });
  const { id } = await settledPayment(under, 100_000n, key);
  await under.db.read.updateTable('payments').set({ payer_owner: null, payer_account: null }).where('id', '=', id).execute();
  const { waiting } = (await refund(id)).body;
  expect(waiting.reason).toBe('address');
  expect(Date.parse(waiting.expires_at) - Date.parse(waiting.since)).toBe(7 * 86_400_000);
});

describe('what they refuse', () => {
  test('422 refund_window_passed: on the last moment it is granted, after it not; with the numbers', async () => {
    const { id } = await settledPayment(under, 100_000n, key);
    await change({ refund_window_days: 2 });
    const settledDaysAgo = (days: number, ms = 0) =>
      under.db.read
        .updateTable('payments')
        .set({ settled_at: new Date(under.clock.now().getTime() - days * 86_400_000 - ms) })
        .where('id', '=', id)
        .execute();
    await settledDaysAgo(2);
    expect((await refund(id)).status).toBe(201);
    await settledDaysAgo(2, 1);
    const late = await refund(id);
    expectProblem(late, 422, 'refund_window_passed');
    expect(late.body).toMatchObject({ payment_id: id, refund_window_days: 2 });
    expect(Date.parse(late.body.refund_window_ended_at)).toBe(under.clock.now().getTime() - 1);
    await change({ refund_window_days: null });
    expect((await refund(id)).status).toBe(201);
  });

  test('422 too_many_refunds: failed and canceled ones do not count', async () => {
    const { id } = await settledPayment(under, 100_000n, key);
    await change({ max_refunds_per_payment: 2 });
    const first = await refund(id);
    expect((await refund(id)).status).toBe(201);
    const third = await refund(id);
    expectProblem(third, 422, 'too_many_refunds');
    expect(third.body).toMatchObject({ payment_id: id, refunds: 2, max_refunds_per_payment: 2 });
    await under.ask('POST', `/v1/refunds/${first.body.id}/cancel`, { key });
    expect((await refund(id)).status).toBe(201);
  });

  test('of 16 refunds at once against a payment that may have 3, three are accepted', async () => {
    const { id } = await settledPayment(under, 100_000n, key);
    await change({ max_refunds_per_payment: 3 });
    const answers = await Promise.all(Array.from({ length: 16 }, () => refund(id)));
    expect(answers.filter(one => one.status === 201)).toHaveLength(3);
  });

  test('a known external_id is answered whatever the limits are now', async () => {
    const { id } = await settledPayment(under, 100_000n, key);
    const body = { payment_id: id, amount_atomic: '1000', external_id: 'known' };
    const first = await under.ask('POST', '/v1/refunds', { key, body });
    await change({ max_refunds_per_payment: 1, refund_window_days: 1 });
    const again = await under.ask('POST', '/v1/refunds', { key, body });
    expect([again.status, again.body.id]).toEqual([200, first.body.id]);
  });
});
