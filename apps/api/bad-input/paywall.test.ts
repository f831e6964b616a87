import { randomBytes } from 'node:crypto';
import { beforeAll, describe, expect, test } from 'vitest';
import { statusToken } from '#libs/payments/status-token';
import { faultOf, type Refused } from '../testing/bad-input/expect-refused.ts';
import { ROUTES } from '../testing/bad-input/routes.ts';
import { booksOf } from '../testing/bad-input/world.ts';
import { offerIn, payV2 } from '../testing/paying.ts';
import type { Asked } from '../testing/use-api.ts';
import { DEVNET, usePaywall } from '../testing/use-paywall.ts';

const paywall = usePaywall();
const BAD: Refused = { status: 400, code: 'invalid_request' };
const NOT_FOUND: Refused = { status: 404, code: 'not_found' };
const METHODS = ROUTES.filter(route => route.path === '/x/{id}').map(route => route.method);
/** Every call of a link is counted, a refused one too. */
const COUNTED = ['link_counters'];
let link = '';

beforeAll(async () => {
  link = await paywall.openLink();
});

/** Asks, each answer to be as wanted, and nothing written by all of them. */
async function expectAll(
  attempts: {
    what: string;
    method?: string;
    url: string;
    headers?: Record<string, string>;
    body?: string;
    wanted: Refused | 402;
  }[],
) {
  const { under, fate } = paywall;
  const before = await booksOf(under, COUNTED);
  const faults: string[] = [];
  for (const { what, method = 'GET', url, headers = {}, body, wanted } of attempts) {
    const asked: Asked = { key: null, headers, ...(body === undefined ? {} : { body }) };
    const answer = await under.ask(method, url, asked);
    const route = ROUTES.find(
      one => one.method === method && new RegExp(`^${one.path.replace(/\{[^}]+\}/g, '[^/]+')}$`).test(url.split('?')[0] ?? ''),
    );
    const asks = answer.status === 402 ? null : `answered ${answer.status} instead of 402: ${answer.text.slice(0, 200)}`;
    const fault = wanted === 402 ? asks : faultOf(route ?? null, answer, wanted);
    if (fault !== null) faults.push(`${what}: ${fault}`);
  }
  if (faults.length > 0) throw new Error(faults.join('\n'));
  expect(fate.settled).toEqual([]);
  expect(await booksOf(under, COUNTED)).toBe(before);
}

describe('/x/{id}', () => {
  test.each(METHODS)('%s: a link that is not there, and a network that is none', async method => {
    const slugs = ['nothing', 'constructor', '__proto__', '0', "' or 1=1 --", '💸', 'a b', '\u202e', 'x'.repeat(128)];
    const networks = [
      '',
      'constructor',
      '__proto__',
      'toString',
      'hasOwnProperty',
      'solana',
      'DEVNET',
      'devnet%20',
      'devnet%00',
      'null',
      '[]',
    ];
    await expectAll([
      ...slugs.map(slug => ({ what: slug, method, url: `/x/${encodeURIComponent(slug)}`, wanted: NOT_FOUND })),
      ...networks.map(network => ({
        what: `network ${network}`,
        method,
        url: `/x/${link}?network=${network}`,
        wanted: { ...BAD, pointer: '/network' },
      })),
      { what: 'two networks', method, url: `/x/${link}${DEVNET}&network=devnet`, wanted: { ...BAD, pointer: '/network' } },
      { what: 'NUL', method, url: `/x/%00${DEVNET}`, wanted: BAD },
      { what: 'NUL within', method, url: `/x/${link}%00`, wanted: BAD },
      { what: 'half a character', method, url: `/x/%ff${DEVNET}`, wanted: BAD },
      { what: 'long', method, url: `/x/${'x'.repeat(300)}`, wanted: { status: 414, code: 'uri_too_long' } },
      ...(method === 'GET'
        ? []
        : [
            {
              what: 'another method',
              method,
              url: `/x/${link}${DEVNET}`,
              wanted: { status: 405, code: 'method_not_allowed' } as const,
            },
            {
              what: 'ten megabytes',
              method,
              url: `/x/${link}${DEVNET}`,
              body: 'x'.repeat(10_000_000),
              wanted: { status: 413, code: 'body_too_large' } as const,
            },
          ]),
    ]);
  });

  test('proofs that are none ask for payment again, and claim nothing', async () => {
    const { under } = paywall;
    const offer = offerIn(await paywall.visit(link));
    const good = JSON.parse(Buffer.from(Object.values(await payV2(under, offer))[0] ?? '', 'base64').toString());
    const accepted = (over: object) => ({ ...good, accepted: { ...good.accepted, ...over } });
    const extra = (over: object) => accepted({ extra: { ...good.accepted.extra, ...over } });
    const transaction = (text: unknown) => ({ ...good, payload: { transaction: text } });
    const wire = Buffer.from(good.payload.transaction, 'base64');
    const payloads: unknown[] = [
      null,
      true,
      7,
      'x',
      [],
      {},
      { x402Version: 2 },
      { x402Version: '2' },
      { ...good, x402Version: 1e9 },
      { ...good, x402Version: -1 },
      { ...good, accepted: null },
      accepted({ amount: 1 }),
      accepted({ amount: '1.5' }),
      accepted({ amount: '-1' }),
      accepted({ amount: '0' }),
      accepted({ amount: '9'.repeat(40) }),
      accepted({ amount: 'x'.repeat(500) }),
      accepted({ network: 'solana:nowhere' }),
      accepted({ scheme: 'upto' }),
      accepted({ asset: '\u0000' }),
      accepted({ payTo: 'constructor' }),
      accepted({ maxTimeoutSeconds: 1e308 }),
      accepted({ extra: [] }),
      extra({ memo: '\u0000' }),
      extra({ memo: '\ud800' }),
      extra({ memo: '__proto__' }),
      extra({ memo: 'ebb:' }),
      extra({ feePayer: link }),
      transaction(''),
      transaction('\u0000'),
      transaction(7),
      transaction('===='),
      transaction('AA=='),
      transaction('x'.repeat(2_048)),
      transaction(randomBytes(900).toString('base64')),
      transaction(wire.subarray(0, 100).toString('base64')),
      transaction(Buffer.concat([wire, wire]).toString('base64')),
      transaction(Buffer.alloc(1_232).toString('base64')),
      transaction(Buffer.alloc(1_232, 255).toString('base64')),
      { ...good, payload: [] },
    ];
    const texts = [
      ...payloads.map(payload => Buffer.from(JSON.stringify(payload)).toString('base64')),
      ...[
        '{"__proto__":{"x402Version":2}}',
        '{"x402Version":2,"constructor":{"prototype":{}}}',
        '['.repeat(9_000),
        '{"a":'.repeat(2_000),
        '{',
        '\u0000',
        '\ufeff{}',
      ].map(text => Buffer.from(text).toString('base64')),
      ' ',
      '{}',
      'é',
      '\u00ff',
      '%00',
      '=',
      '====',
      'x'.repeat(16_384),
      'x'.repeat(100_000),
      `${'A'.repeat(50)}, ${'A'.repeat(50)}`,
      "' or 1=1 --",
    ];
    await expectAll(
      ['payment-signature', 'x-payment'].flatMap(name =>
        texts.map(text => ({
          what: `${name}: ${text.slice(0, 40)}`,
          url: `/x/${link}${DEVNET}`,
          headers: { [name]: text },
          wanted: 402 as const,
        })),
      ),
    );
  });

  test('headers that are not about the payment change nothing of the answer', async () => {
    const values = ['', 'é', '\u00ff', 'a'.repeat(300), "' or 1=1 --", '__proto__', 'a\tb'];
    const names = [
      'x-ebb-client-reference',
      'idempotency-key',
      'authorization',
      'content-type',
      'content-encoding',
      'accept',
      'host',
      'x-forwarded-host',
      'origin',
      'range',
      'if-none-match',
    ];
    await expectAll(
      names.flatMap(name =>
        values.map(value => ({
          what: `${name}: ${value.slice(0, 20)}`,
          url: `/x/${link}${DEVNET}`,
          headers: { [name]: value },
          wanted: 402 as const,
        })),
      ),
    );
  });
});

describe('/x/status/{token}', () => {
  test('a token that was not made here', async () => {
    const key = paywall.under.parts.keys.status;
    const tokens = [
      'x',
      '.',
      '..x',
      'pay_1.',
      `pay_1.${'A'.repeat(24)}`,
      statusToken(randomBytes(32), 'pay_1'),
      statusToken(key, 'pay_nothing'),
      `${statusToken(key, 'pay_1')}x`.replace('pay_1', 'pay_2'),
      'constructor',
      '__proto__.',
      'é.é',
      '💸',
      'x'.repeat(128),
    ];
    const headers = [
      { authorization: 'Bearer x' },
      { 'payment-signature': 'é' },
      { 'content-type': 'é' },
      { range: 'bytes=0-' },
      { host: "' --" },
    ] as Record<string, string>[];
    await expectAll([
      ...tokens.map(token => ({ what: token, url: `/x/status/${encodeURIComponent(token)}`, wanted: NOT_FOUND })),
      ...headers.map(one => ({ what: JSON.stringify(one), url: '/x/status/x', headers: one, wanted: NOT_FOUND })),
      { what: 'NUL', url: '/x/status/a%00b', wanted: BAD },
      { what: 'half a character', url: '/x/status/%ff', wanted: BAD },
      { what: 'long', url: `/x/status/${'x'.repeat(300)}`, wanted: { status: 414, code: 'uri_too_long' } },
      ...['POST', 'PUT', 'PATCH', 'DELETE'].map(method => ({
        what: method,
        method,
        url: '/x/status/x',
        wanted: { status: 405, code: 'method_not_allowed' } as const,
      })),
    ]);
  });
});

test('what stands beside the API: pages, the document, health', async () => {
  await expectAll([
    ...['__proto__', 'constructor', 'nothing', '..%2f..%2fpackage.json', '%2e%2e%2fpackage', 'a%20b', '💸'].map(page => ({
      what: page,
      url: `/docs/errors/${page}`,
      wanted: NOT_FOUND,
    })),
    ...['..%2f..%2f..%2fpackage.json', 'constructor'].map(file => ({
      what: file,
      url: `/api/reference/${file}`,
      wanted: NOT_FOUND,
    })),
    { what: 'NUL', url: '/docs/errors/%00', wanted: BAD },
    ...['POST', 'PUT', 'DELETE'].flatMap(method =>
      ['/healthz', '/readyz', '/docs/errors/gone'].map(url => ({
        what: `${method} ${url}`,
        method,
        url,
        wanted: { status: 405, code: 'method_not_allowed' } as const,
      })),
    ),
    ...[
      '/',
      '/v1',
      '/v1/',
      '/v1/refunds/x/y',
      '/V1/refunds',
      '//v1/refunds',
      '/x',
      '/x/',
      '/x/a/b',
      '/.env',
      '/x/..;/v1/agents',
    ].map(url => ({ what: url, url, wanted: NOT_FOUND })),
  ]);
});
