import { generateKeyPairSigner } from '@solana/kit';
import fc from 'fast-check';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { SCOPES } from '#libs/accounts/scopes';
import { expectProblem, expectShape } from '../testing/expect.ts';
import { settledPayment } from '../testing/settled-payment.ts';
import { sightedChain } from '../testing/sighted-chain.ts';
import { type Asked, useApi } from '../testing/use-api.ts';
import { RefundPreview } from './schemas.ts';

const sighted = sightedChain();
const under = useApi({ EBB_MAX_LEG_DEVNET_ATOMIC: '30000' }, { chains: new Map([['solana-devnet', sighted.chain]]) });
let key = '';
let plain = '';
const preview = (body: object, asked: Asked = {}) => under.ask('POST', '/v1/refunds/preview', { key, body, ...asked });
/** Every table that a refund could write to, by its rows. */
const written = async () => {
  const tables = [
    'refunds',
    'legs',
    'ledger_transfers',
    'events',
    'outbox',
    'acts',
    'redirect_nonces',
    'idempotency_keys',
  ] as const;
  const counts = tables.map(async table => {
    const { n } = await under.db.read
      .selectFrom(table)
      .select(({ fn }) => fn.countAll<string>().as('n'))
      .executeTakeFirstOrThrow();
    return [table, n];
  });
  return Object.fromEntries(await Promise.all(counts));
};

beforeAll(async () => {
  key = await under.mint({ account: 'previewer' });
  plain = await under.mint({ account: 'previewer', scopes: SCOPES.filter(scope => scope !== 'refunds:redirect') });
});
beforeEach(() => {
  sighted.next = 'unavailable';
});

describe('POST /v1/refunds/preview', () => {
  test('200 without the chain: what is known from the books, and that the chain was not asked', async () => {
    const { id, payer } = await settledPayment(under, 100_000n, key);
    const answer = await preview({ payment_id: id, amount_atomic: '40000' });
    expectShape(answer, 200, RefundPreview);
    expect(answer.body).toMatchObject({
      payment_id: id,
      refundable_atomic: '100000',
      amount_atomic: '40000',
      payer_receives_atomic: '40000',
      destination: { owner: payer, how: 'payer' },
      legs: [
        { leg: 0, amount_atomic: '30000', payer_receives_atomic: '30000' },
        { leg: 1, amount_atomic: '10000', payer_receives_atomic: '10000' },
      ],
      status: 'pending',
      chain_asked: false,
      network_fee_lamports: null,
      rent_lamports: null,
      refusals: [],
    });
  });

  test('200 with every refusal there is, in the order the request would meet them', async () => {
    const { id, mint } = await settledPayment(under, 100_000n, key);
    const answer = await preview({ payment_id: id, amount_atomic: '100001', source: 'platform' }, { key: plain });
    expectShape(answer, 200, RefundPreview);
    expect(answer.body).toMatchObject({ amount_atomic: null, status: null, legs: [] });
    expect(answer.body.refusals).toMatchObject([
      { code: 'refund_exceeds_remaining', status: 422, members: { requested_atomic: '100001', refundable_atomic: '100000' } },
      { code: 'source_not_allowed', status: 422 },
    ]);
    const elsewhere = await preview({ payment_id: id, destination: { owner: mint } }, { key: plain });
    expect(elsewhere.body.refusals).toMatchObject([{ code: 'redirect_not_allowed' }]);
  });

  test('200: a known external_id names its refund; with other content it says so', async () => {
    const { id } = await settledPayment(under, 100_000n, key);
    const body = { payment_id: id, amount_atomic: '100000', external_id: 'known' };
    const made = await under.ask('POST', '/v1/refunds', { key, body });
    const known = await preview(body);
    expect(known.body).toMatchObject({ known_refund_id: made.body.id, refusals: [] });
    const other = await preview({ ...body, amount_atomic: '1' });
    expect(other.body.refusals[0]).toMatchObject({ code: 'external_id_conflict', status: 409 });
  });

  test('400, 401, 403, 404', async () => {
    const { id } = await settledPayment(under, 100_000n, key);
    expectProblem(await preview({ payment_id: id, amount: '1' }), 400, 'invalid_request');
    expectProblem(await preview({ payment_id: id }, { key: null }), 401, 'key_missing');
    const narrow = await under.mint({ scopes: ['refunds:write'] });
    expectProblem(await preview({ payment_id: id }, { key: narrow }), 403, 'scope_missing');
    const stranger = await under.mint({ account: 'stranger' });
    expectProblem(await preview({ payment_id: id }, { key: stranger }), 404, 'payment_not_found');
  });

  test('whatever is asked: it writes nothing, and the refund is then what it said', async () => {
    const { address: elsewhere } = await generateKeyPairSigner();
    const request = fc.record(
      {
        amount_atomic: fc.oneof(fc.constant('0'), fc.bigInt(1n, 60_000n).map(String), fc.constant('18446744073709551616')),
        expected_refundable_atomic: fc.constantFrom('100000', '70000', '1'),
        source: fc.constantFrom('merchant' as const, 'platform' as const),
        fee: fc.record({ amount_atomic: fc.oneof(fc.constantFrom('0', '1'), fc.bigInt(1n, 70_000n).map(String)) }),
        destination: fc.constant({ owner: elsewhere }),
        external_id: fc.constantFrom('one', 'two'),
      },
      { requiredKeys: [] },
    );
    let n = 0;
    const accounts = [key, plain];
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(request, fc.constantFrom(0, 1)), { minLength: 1, maxLength: 5 }),
        fc.option(fc.constantFrom(1, 2)),
        fc.constantFrom('settled', 'pending'),
        async (requests, limit, status) => {
          const { id } = await settledPayment(under, 100_000n, key);
          await under.db.read.updateTable('payments').set({ status }).where('id', '=', id).execute();
          await under.ask('PATCH', '/v1/account/settings', { key, body: { max_refunds_per_payment: limit } });
          for (const [one, who] of requests) {
            const body = { payment_id: id, ...one };
            const as = accounts[who] ?? key;
            const before = await written();
            const said = await preview(body, { key: as });
            expect(await written()).toEqual(before);
            const done = await under.ask('POST', '/v1/refunds', { key: as, body, headers: { 'idempotency-key': `p-${++n}` } });
            const [refusal] = said.body.refusals;
            if (refusal) expect(done.body).toMatchObject({ code: refusal.code, status: refusal.status, ...refusal.members });
            else if (said.body.known_refund_id) expect([done.status, done.body.id]).toEqual([200, said.body.known_refund_id]);
            else {
              const { amount_atomic, payer_receives_atomic, destination, legs } = said.body;
              expect(done.status).toBe(201);
              expect(done.body).toMatchObject({
                amount_atomic,
                payer_receives_atomic,
                destination,
                status: said.body.status,
                transfers: legs,
              });
            }
          }
        },
      ),
      { numRuns: 25 },
    );
  }, 60_000);
});
