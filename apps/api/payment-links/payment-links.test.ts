import { generateKeyPairSigner } from '@solana/kit';
import { beforeAll, describe, expect, test } from 'vitest';
import { ParsedPrice } from '../seller/schemas.ts';
import { expectProblem, expectShape } from '../testing/expect.ts';
import { useApi } from '../testing/use-api.ts';
import { PaymentLink, PaymentLinkList, PaymentLinkPreview } from './schemas.ts';

const under = useApi({ EBB_FACILITATOR_DEVNET_URL: 'http://facilitator.test', EBB_PUBLIC_URL: 'https://ebb.test' });
let mint = '';
const wanted = (over: object = {}) => ({
  label: 'Tag a payload',
  owner_agent: mint,
  method: 'POST',
  price: '$0.001',
  currency: 'USDC',
  accepts_currencies: ['USDG'],
  protocol: 'x402',
  response: { status: 200, mimeType: 'application/json', body: { zeta: 1, ok: true, a: [1, { b: null }] } },
  ...over,
});
const register = async (key = under.key) => {
  const { address } = await generateKeyPairSigner();
  await under.ask('POST', '/v1/agents', { key, body: { mint: address, label: 'Agent', treasury: { kind: 'managed' } } });
  return address;
};
const create = (over: object = {}, asked: object = {}) =>
  under.ask('POST', '/v1/payment-links', { body: wanted(over), ...asked });

beforeAll(async () => {
  mint = await register();
});

describe('POST /v1/payment-links', () => {
  test('201: the shape that sellers know, an offer per currency, and its event', async () => {
    const answer = await create();
    expectShape(answer, 201, PaymentLink);
    const { id, pay_to } = answer.body;
    expect(answer.body).toMatchObject({
      network: 'solana-devnet',
      path: `/x/${id}`,
      share_url: `https://ebb.test/x/${id}?network=solana-devnet`,
      facilitator: 'http://facilitator.test',
      price: '$0.001',
      disabled_at: null,
      delivery: {
        timeout_ms: 30_000,
        on_failure: 'refund',
        refund_on_statuses: ['5xx'],
        refund_unknown: true,
        replay_seconds: 900,
      },
      counters: { call_count: 0, settled_count: 0, net_atomic: '0' },
    });
    const offer = { scheme: 'exact', network: 'solana:EtWTRABZaYq6iMfeYKouRu166VU2xqa1', pay_to, amount: '1000' };
    expect(answer.body.accepts).toEqual([
      { ...offer, asset: '4zMMC9srt5Ri5X14GAgXhaHii3GnPAEERYPJgZJDncDU', currency: 'USDC' },
      { ...offer, asset: '4F6PM96JJxngmHnZLBh9n58RH4aTVNWvDs2nuwrT5BP7', currency: 'USDG' },
    ]);
    const event = await under.db.read
      .selectFrom('events')
      .selectAll()
      .where('kind', '=', 'payment_link.created')
      .executeTakeFirstOrThrow();
    expect(event.data).toEqual(answer.body);
  });

  test('the answer is kept verbatim, in the order its seller wrote', async () => {
    const { body } = await create();
    const read = await under.ask('GET', `/v1/payment-links/${body.id}`);
    expect(read.text).toContain('"body":{"zeta":1,"ok":true,"a":[1,{"b":null}]}');
    const text = await create({ response: { body: 'plain', mimeType: 'text/plain; charset=utf-8' } });
    expect(text.body.response).toEqual({ status: 200, mimeType: 'text/plain; charset=utf-8', body: 'plain' });
  });

  test('a symbol decides where no currency is named, and offers name each currency once', async () => {
    const { body } = await create({ price: '0.5 usdt', currency: undefined, accepts_currencies: ['USDT', 'USDC', 'USDC'] });
    expect(body.currency).toBe('USDT');
    expect(body.accepts.map((offer: { currency: string }) => offer.currency)).toEqual(['USDT', 'USDC']);
  });

  test('the same key and body gives the first link again', async () => {
    const headers = { 'idempotency-key': 'link-1' };
    const first = await create({}, { headers });
    const again = await create({}, { headers });
    expect(again.text).toBe(first.text);
    expect(again.headers['idempotent-replayed']).toBe('true');
    expectProblem(await create({ label: 'Other' }, { headers }), 409, 'idempotency_body_mismatch');
  });

  test('a key whose first request still runs is 409, and nothing is made twice', async () => {
    const headers = { 'idempotency-key': 'link-2' };
    const answers = await Promise.all(Array.from({ length: 8 }, () => create({}, { headers })));
    const made = answers.filter(answer => answer.status === 201);
    expect(new Set(made.map(answer => answer.body.id)).size).toBe(1);
    for (const answer of answers.filter(one => one.status !== 201)) {
      expectProblem(answer, 409, 'idempotency_in_flight');
      expect(answer.headers['retry-after']).toBe('1');
    }
  });

  test('409: a slug that stands, is someone else’s, or was given up by someone else lately', async () => {
    expect((await create({ id: 'design-agent' })).body.id).toBe('design-agent');
    expectProblem(await create({ id: 'design-agent' }), 409, 'slug_taken');
    const key = await under.mint({ account: 'rival' });
    const owner_agent = await register(key);
    expectProblem(await create({ id: 'design-agent', owner_agent }, { key }), 409, 'slug_taken');
    await under.db.read.updateTable('payment_links').set({ deleted_at: new Date() }).where('slug', '=', 'design-agent').execute();
    expectProblem(await create({ id: 'design-agent', owner_agent }, { key }), 409, 'slug_taken');
    expect((await create({ id: 'design-agent' })).status).toBe(201);
  });

  test('a slug given up long ago is free for others', async () => {
    await create({ id: 'long-gone' });
    const before = new Date(Date.now() - 91 * 86_400_000);
    await under.db.read.updateTable('payment_links').set({ deleted_at: before }).where('slug', '=', 'long-gone').execute();
    const key = await under.mint({ account: 'rival' });
    expect((await create({ id: 'long-gone', owner_agent: await register(key) }, { key })).status).toBe(201);
  });

  test.each([
    ['$.5', 'unparseable_price'],
    ['1 USDT', 'price_currency_mismatch'],
    ['0', 'price_not_positive'],
    ['99999999999999', 'price_too_large'],
  ])('422: the price %s', async (price, code) => {
    const answer = await create({ price });
    expectProblem(answer, 422, code);
    expect(answer.body.errors[0].pointer).toBe('/price');
  });

  test('422: what this build would take and not carry out', async () => {
    expectProblem(await create({ protocol: 'mpp' }), 422, 'protocol_unsupported');
    expectProblem(await create({ upstream_url: 'https://api.test' }), 422, 'upstream_unsupported');
    expectProblem(await create({ metadata: { upstream_url: 'https://api.test' } }), 422, 'upstream_unsupported');
  });

  test('404: an agent that this account has not registered, though another has', async () => {
    expectProblem(await create({}, { key: await under.mint({ account: 'stranger' }) }), 404, 'agent_not_found');
  });

  test.each([
    ['/id', { id: '-bad' }],
    ['/id', { id: 'abc' }],
    ['/id', { id: 'Upper' }],
    ['/label', { label: 'x'.repeat(121) }],
    ['/owner_agent', { owner_agent: 'nobody' }],
    ['/method', { method: 'HEAD' }],
    ['/price', { price: 0.1 }],
    ['/currency', { currency: 'EUR' }],
    ['/accepts_currencies', { accepts_currencies: ['USDC', 'USDT', 'USDG', 'USDC'] }],
    ['/response/body', { response: {} }],
    ['/response/status', { response: { status: 600, body: '' } }],
    ['/response/mimeType', { response: { mimeType: 'text/html\r\nx: y', body: '' } }],
    ['/delivery/on_failure', { delivery: { on_failure: 'maybe' } }],
    ['/webhook_url', { webhook_url: 'ftp://x' }],
    ['/colour', { colour: 'red' }],
  ])('400 at %s', async (pointer, over) => {
    const answer = await create(over);
    expectProblem(answer, 400, 'invalid_request');
    expect(answer.body.errors.map((fault: { pointer: string }) => fault.pointer)).toContain(pointer);
  });

  test('401 and 403', async () => {
    expectProblem(await create({}, { key: null }), 401, 'key_missing');
    expectProblem(await create({}, { key: await under.mint({ scopes: ['payment_links:read'] }) }), 403, 'scope_missing');
  });
});

describe('GET /v1/payment-links', () => {
  test('200 for one’s own, 404 for someone else’s and for a deleted one', async () => {
    const { body } = await create();
    expectShape(await under.ask('GET', `/v1/payment-links/${body.id}`), 200, PaymentLink);
    const stranger = await under.mint({ account: 'stranger' });
    expectProblem(await under.ask('GET', `/v1/payment-links/${body.id}`, { key: stranger }), 404, 'payment_link_not_found');
    await under.db.read.updateTable('payment_links').set({ deleted_at: new Date() }).where('slug', '=', body.id).execute();
    expectProblem(await under.ask('GET', `/v1/payment-links/${body.id}`), 404, 'payment_link_not_found');
  });

  test('a list of one’s own, by agent, disabled ones only on request', async () => {
    const key = await under.mint({ account: 'lister' });
    const owner_agent = await register(key);
    const ids: string[] = [];
    for (let i = 0; i < 3; i++) ids.unshift((await create({ owner_agent }, { key })).body.id);
    await under.db.read
      .updateTable('payment_links')
      .set({ disabled_at: new Date() })
      .where('slug', '=', ids[1] ?? '')
      .execute();
    const list = async (query: string) => {
      const answer = await under.ask('GET', `/v1/payment-links${query}`, { key });
      expectShape(answer, 200, PaymentLinkList);
      return answer.body.items.map((link: { id: string }) => link.id);
    };
    expect(await list('')).toEqual([ids[0], ids[2]]);
    expect(await list('?include_disabled=true')).toEqual(ids);
    expect(await list(`?owner_agent=${owner_agent}&include_disabled=1`)).toEqual(ids);
    expect(await list(`?owner_agent=${mint}`)).toEqual([]);
    const first = await under.ask('GET', '/v1/payment-links?limit=1', { key });
    expect(await list(`?limit=1&cursor=${first.body.next_cursor}`)).toEqual([ids[2]]);
  });
});

describe('for builders of forms', () => {
  const preview = (over: object = {}, asked: object = {}) =>
    under.ask('POST', '/v1/payment-links/preview', {
      body: wanted({ label: undefined, response: undefined, ...over }),
      ...asked,
    });
  const links = async () => (await under.db.read.selectFrom('payment_links').select('id').execute()).length;

  test('a preview asks of buyers what the link then does, and writes nothing', async () => {
    const before = await links();
    const shown = await preview({ accepts_currencies: ['USDT', 'USDG'] });
    expectShape(shown, 200, PaymentLinkPreview);
    expect(await links()).toBe(before);
    const { accepts, pay_to, facilitator } = (await create({ accepts_currencies: ['USDT', 'USDG'] })).body;
    expect(shown.body).toEqual({ accepts, pay_to, facilitator });
  });

  test('a preview refuses what creation refuses', async () => {
    expectProblem(await preview({ price: '$.5' }), 422, 'unparseable_price');
    expectProblem(await preview({ protocol: 'mpp' }), 422, 'protocol_unsupported');
    expectProblem(await preview({}, { key: await under.mint({ account: 'stranger' }) }), 404, 'agent_not_found');
    expectProblem(await preview({ method: 'HEAD' }), 400, 'invalid_request');
    expectProblem(await preview({}, { key: null }), 401, 'key_missing');
  });

  test('parse-price says what a text means, and the same number in the other currencies', async () => {
    const parse = (body: object) => under.ask('POST', '/v1/seller/parse-price', { body });
    const answer = await parse({ price: '0.25 usdt' });
    expectShape(answer, 200, ParsedPrice);
    expect(answer.body).toMatchObject({ amount_atomic: '250000', currency: 'USDT', network: 'solana-devnet' });
    expect(answer.body.equivalents).toMatchObject([
      { currency: 'USDC', amount_atomic: '250000' },
      { currency: 'USDG', amount_atomic: '250000' },
    ]);
    expectProblem(await parse({ price: '1 USDT', currency: 'USDC' }), 422, 'price_currency_mismatch');
    expectProblem(await parse({ price: 1 }), 400, 'invalid_request');
  });
});
