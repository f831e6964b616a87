import { beforeEach, describe, expect, test } from 'vitest';
import { ASSETS } from '#libs/money/assets';
import { expectProblem, expectShape } from '../testing/expect.ts';
import { settledPayment } from '../testing/settled-payment.ts';
import { type Asked, useApi } from '../testing/use-api.ts';
import { Treasury } from './schemas.ts';

const under = useApi();
let key = '';
let accounts = 0;
const make = (asked: Asked = {}) => under.ask('POST', '/v1/account/treasury', { key, ...asked });
const read = (as: string | null = key) => under.ask('GET', '/v1/account/treasury', { key: as });
const fromPlatform = (payment_id: string, more: object = {}) =>
  under.ask('POST', '/v1/refunds', {
    key,
    headers: { 'idempotency-key': `r-${++accounts}` },
    body: { payment_id, amount_atomic: '1000', source: 'platform', ...more },
  });
/** As openTreasury leaves it. */
const opened = (id: string) =>
  under.db.read.updateTable('treasury_accounts').set({ opened_at: new Date() }).where('treasury_id', '=', id).execute();

beforeEach(async () => {
  key = await under.mint({ account: `platform-${++accounts}` });
});

describe('GET and POST /v1/account/treasury', () => {
  test('201, then it is there; 200 with the same for whoever asks again', async () => {
    expectProblem(await read(), 404, 'treasury_not_found');
    const made = await make();
    expectShape(made, 201, Treasury);
    expect(made.body).toMatchObject({ kind: 'platform', network: 'solana-devnet', status: 'opening' });
    expect(made.body.accounts).toHaveLength(ASSETS.filter(asset => asset.network === 'solana-devnet').length);
    const again = await make();
    expect([again.status, again.body]).toEqual([200, made.body]);
    expect((await read()).body).toEqual(made.body);
    const line = await under.db.read
      .selectFrom('outbox')
      .select(['workflow_type', 'kind'])
      .where('workflow_id', '=', `treasury:${made.body.id}`)
      .execute();
    expect(line).toEqual([{ workflow_type: 'openTreasury', kind: 'start' }]);
    await opened(made.body.id);
    expect((await read()).body.status).toBe('open');
  });

  test('the same key gives the same answer, also when it has opened meanwhile', async () => {
    const asked = { headers: { 'idempotency-key': 'once' }, body: { client_reference: 'ticket 7' } };
    const made = await make(asked);
    await opened(made.body.id);
    const again = await make(asked);
    expect([again.status, again.text, again.headers['idempotent-replayed']]).toEqual([201, made.text, 'true']);
    expectProblem(await make({ ...asked, body: {} }), 409, 'idempotency_body_mismatch');
  });

  test('of 16 at once one is made, with one key of ours', async () => {
    const answers = await Promise.all(Array.from({ length: 16 }, () => make()));
    expect(answers.filter(one => one.status === 201)).toHaveLength(1);
    expect(new Set(answers.map(one => one.body.id)).size).toBe(1);
  });

  test('it is the account’s own, and of one network', async () => {
    const made = await make();
    expectProblem(await read(await under.mint({ account: 'stranger' })), 404, 'treasury_not_found');
    const live = await under.mint({ account: `platform-${accounts}`, network: 'solana-mainnet' });
    const there = await under.ask('GET', '/v1/account/treasury', { key: live });
    expect([there.status, there.body.id]).not.toEqual([200, made.body.id]);
  });

  test('400, 401, 403', async () => {
    expectProblem(await make({ body: { kind: 'platform' } }), 400, 'invalid_request');
    expectProblem(await make({ body: { client_reference: 7 } }), 400, 'invalid_request');
    expectProblem(await read(null), 401, 'key_missing');
    expectProblem(await make({ key: await under.mint({ scopes: ['account:read'] }) }), 403, 'scope_missing');
    expectProblem(await read(await under.mint({ scopes: ['account:write'] })), 403, 'scope_missing');
    expectProblem(await read(), 404, 'treasury_not_found');
  });
});

describe('source: platform', () => {
  test('422 source_not_allowed without one; 503 treasury_opening until its accounts are there; then 201', async () => {
    const { id } = await settledPayment(under, 100_000n, key);
    expectProblem(await fromPlatform(id), 422, 'source_not_allowed');
    const { body } = await make();
    const early = await fromPlatform(id);
    expectProblem(early, 503, 'treasury_opening');
    expect(early.headers['retry-after']).toBe('3');
    await opened(body.id);
    const refund = await fromPlatform(id);
    expect(refund.status).toBe(201);
    expect(refund.body).toMatchObject({ source: 'platform', payment: { reserved_atomic: '1000', refundable_atomic: '99000' } });
    const held = await under.db.read
      .selectFrom('ledger_transfers')
      .select(['debit_account', 'credit_account'])
      .where('source_id', '=', refund.body.id)
      .execute();
    expect(held).toEqual([{ debit_account: `payment:${id}`, credit_account: `platform_treasury:${body.id}` }]);
    expectProblem(await fromPlatform(id, { fee: { amount_atomic: '1' } }), 422, 'source_not_allowed');
  });

  test('422 redirect_not_allowed: back into the treasury it comes from', async () => {
    const { id } = await settledPayment(under, 100_000n, key);
    const { body } = await make();
    await opened(body.id);
    expectProblem(await fromPlatform(id, { destination: { owner: body.owner } }), 422, 'redirect_not_allowed');
    const preview = await under.ask('POST', '/v1/refunds/preview', {
      key,
      body: { payment_id: id, source: 'platform', destination: { owner: body.owner } },
    });
    expect(preview.body.refusals).toMatchObject([{ code: 'redirect_not_allowed' }]);
  });

  test('another account’s platform treasury pays nothing here', async () => {
    const { id } = await settledPayment(under, 100_000n, key);
    const other = await under.mint({ account: 'rich' });
    const { body } = await make({ key: other });
    await opened(body.id);
    expectProblem(await fromPlatform(id), 422, 'source_not_allowed');
  });
});
