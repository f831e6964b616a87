import { connect } from 'node:net';
import { beforeAll, expect, test } from 'vitest';
import { noteAnswer } from '../testing/noted.ts';
import { useApi } from '../testing/use-api.ts';

const under = useApi();
let url = '';

beforeAll(async () => {
  url = await under.api.listen('127.0.0.1', 0);
});

/** Writes bytes to the API and reads until it closes. */
const raw = (bytes: string): Promise<string> =>
  new Promise((resolve, reject) => {
    let heard = '';
    const socket = connect(Number(new URL(url).port), '127.0.0.1', () => socket.write(bytes));
    socket.on('data', data => {
      heard += data;
    });
    socket.on('close', () => resolve(heard));
    socket.on('error', reject);
  });

test('a problem’s type and an offer’s URL begin with where the API listens', async () => {
  const answer = await fetch(`${url}/nothing`);
  expect(await answer.json()).toMatchObject({ type: `${url}/docs/errors/not_found`, instance: '/nothing' });
});

test('bytes that are no request are a problem too', async () => {
  const [head, body] = (await raw('GARBAGE\r\n\r\n')).split('\r\n\r\n');
  expect(head).toMatch(/^HTTP\/1.1 400 Bad Request\r\ncontent-type: application\/problem\+json/);
  expect(JSON.parse(body ?? '')).toMatchObject({ code: 'invalid_request', status: 400 });
});

test('headers beyond what is read are a problem too', async () => {
  const answer = await fetch(`${url}/healthz`, { headers: { 'x-big': 'a'.repeat(40_000) } });
  expect([answer.status, answer.headers.get('content-type')]).toEqual([431, 'application/problem+json']);
  const body = await answer.json();
  noteAnswer(body, 'set');
  expect(body).toMatchObject({ code: 'headers_too_large' });
});

test('what a buyer signs fits in a header, with room to spare', async () => {
  const answer = await fetch(`${url}/x/nothing`, { headers: { 'payment-signature': 'a'.repeat(8_000) } });
  expect(answer.status).toBe(404);
});
