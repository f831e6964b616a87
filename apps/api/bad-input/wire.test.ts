import { connect } from 'node:net';
import { beforeAll, describe, expect, test } from 'vitest';
import { booksOf } from '../testing/bad-input/world.ts';
import { settledPayment } from '../testing/settled-payment.ts';
import { useApi } from '../testing/use-api.ts';

const under = useApi();
let port = 0;
let body = '';

beforeAll(async () => {
  port = Number(new URL(await under.api.listen('127.0.0.1', 0)).port);
  const payment = await settledPayment(under);
  body = JSON.stringify({ payment_id: payment.id, amount_atomic: '1000' });
});

/** Sends bytes as they are, and reads until the answer has come or the connection is closed. */
const sent = (bytes: string | Buffer): Promise<{ status: number; code: string; type: string }> =>
  new Promise((resolve, reject) => {
    let heard = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes));
    const done = () => {
      const [head = '', text = ''] = heard.split('\r\n\r\n');
      socket.destroy();
      try {
        const type = /content-type: ([^;\r\n]+)/i.exec(head)?.[1] ?? '';
        resolve({ status: Number(head.split(' ')[1]), code: JSON.parse(text).code, type });
      } catch (error) {
        reject(error as Error);
      }
    };
    socket.on('data', data => {
      heard += data;
      const length = /content-length: (\d+)/i.exec(heard)?.[1];
      const [, text] = heard.split('\r\n\r\n');
      if (length !== undefined && text !== undefined && Buffer.byteLength(text) >= Number(length)) done();
    });
    socket.on('close', () => (heard === '' ? reject(new Error('closed without an answer')) : done()));
    socket.on('error', error => heard === '' && reject(error));
  });

const post = (headers: string[], text = body) =>
  sent(
    [
      'POST /v1/refunds HTTP/1.1',
      'host: ebb.test',
      `authorization: Bearer ${under.key}`,
      ...(headers.some(one => /^(content-length|transfer-encoding):/i.test(one))
        ? []
        : [`content-length: ${Buffer.byteLength(text)}`]),
      ...headers,
      '',
      text,
    ].join('\r\n'),
  );
const JSON_TYPE = 'content-type: application/json';
const KEY = 'idempotency-key: wire';
const refused = (status: number, code: string) => ({ status, code, type: 'application/problem+json' });

describe('bytes that an HTTP client would not send are refused, and write nothing', () => {
  test.each([
    ['NUL in a header', [JSON_TYPE, KEY, 'x-ebb-client-reference: a\u0000b']],
    ['a header broken over lines', [JSON_TYPE, KEY, 'x-a: b\r\n c']],
    ['a header without a name', [JSON_TYPE, KEY, ': b']],
    ['two lengths', [JSON_TYPE, KEY, 'content-length: 5', 'content-length: 6']],
    ['a length that is none', [JSON_TYPE, KEY, 'content-length: -1']],
    ['a length and chunks', [JSON_TYPE, KEY, 'content-length: 5', 'transfer-encoding: chunked']],
    ['chunks that are none', [JSON_TYPE, KEY, 'transfer-encoding: chunked']],
    ['an Idempotency-Key twice', [JSON_TYPE, KEY, 'Idempotency-Key: another']],
    ['the same Idempotency-Key twice', [JSON_TYPE, KEY, KEY]],
    ['a reference twice', [JSON_TYPE, KEY, 'x-ebb-client-reference: a', 'x-ebb-client-reference: b']],
    ['bytes that are no UTF-8 in a header', [JSON_TYPE, 'idempotency-key: \u00e9']],
  ])('%s', async (_, headers) => {
    const before = await booksOf(under);
    expect(await post(headers)).toEqual(refused(400, 'invalid_request'));
    expect(await booksOf(under)).toBe(before);
  });

  test('a NUL in the URL, a line break in it, a URL that is none', async () => {
    for (const url of ['/v1/refunds/\u0000', '/v1/refunds/a b', '/v1/refunds/%', 'nonsense']) {
      expect([url, (await sent(`GET ${url} HTTP/1.1\r\nhost: a\r\nauthorization: Bearer ${under.key}\r\n\r\n`)).status]).toEqual([
        url,
        400,
      ]);
    }
  });

  test('a method that HTTP has and no path takes', async () => {
    for (const method of ['TRACE', 'PROPFIND']) {
      const answer = await sent(`${method} /v1/refunds HTTP/1.1\r\nhost: a\r\ncontent-length: 0\r\n\r\n`);
      expect([method, answer]).toEqual([method, refused(405, 'method_not_allowed')]);
    }
    expect(await sent('NONSENSE /v1/refunds HTTP/1.1\r\nhost: a\r\n\r\n')).toEqual(refused(400, 'invalid_request'));
  });

  test('ten megabytes: refused by what they say of themselves, or after the first too many', async () => {
    const before = await booksOf(under);
    expect(await post([JSON_TYPE, KEY, 'content-length: 10000000'], 'x'.repeat(100))).toEqual(refused(413, 'body_too_large'));
    const chunk = `${(2_000_000).toString(16)}\r\n${'x'.repeat(2_000_000)}\r\n0\r\n\r\n`;
    expect(await post([JSON_TYPE, KEY, 'transfer-encoding: chunked'], chunk)).toEqual(refused(413, 'body_too_large'));
    expect(await booksOf(under)).toBe(before);
  });

  test('and a sound one, sent the same way, is accepted', async () => {
    expect((await post([JSON_TYPE, KEY])).status).toBe(201);
  });
});
