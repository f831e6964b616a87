import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { quietSteps } from '#libs/steps/steps';
import { facilitatorRequest, openFacilitatorClient } from './facilitator-client.ts';

type Answer = (request: IncomingMessage & { body: string }, response: ServerResponse) => void;
const open: { close(): void }[] = [];
afterEach(() => {
  for (const one of open.splice(0)) one.close();
});

async function clientOf(answer: Answer, timeout_ms = 1_000) {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', chunk => chunks.push(chunk));
    request.on('end', () => answer(Object.assign(request, { body: Buffer.concat(chunks).toString() }), response));
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  open.push({ close: () => server.close().closeAllConnections() });
  const { port } = server.address() as AddressInfo;
  const timeouts_ms = { supported: timeout_ms, verify: timeout_ms, settle: timeout_ms };
  return openFacilitatorClient({ url: `http://127.0.0.1:${port}/`, token: 'secret', steps: quietSteps, timeouts_ms });
}

const says =
  (status: number, json: unknown): Answer =>
  (_, response) =>
    response.writeHead(status).end(JSON.stringify(json));
const payment = { wire: Buffer.from('wire'), requirements: { scheme: 'exact' }, accountId: 'acct_1' };

test('it asks as x402 v2, with the token and the account, and hands the offer on as it is', async () => {
  let asked: { url: string | undefined; headers: IncomingMessage['headers']; body: unknown } | null = null;
  const client = await clientOf((request, response) => {
    asked = { url: request.url, headers: request.headers, body: JSON.parse(request.body) };
    says(200, { isValid: true, payer: 'buyer' })(request, response);
  });
  expect(await client.verify('settle.verify', payment)).toEqual({ kind: 'valid', payer: 'buyer' });
  expect(asked).toMatchObject({
    url: '/verify',
    headers: { authorization: 'Bearer secret', 'x-ebb-account': 'acct_1' },
    body: facilitatorRequest(payment),
  });
});

describe('verify', () => {
  test('an invalid payment is told with its reason, whatever the status', async () => {
    for (const status of [200, 400]) {
      const client = await clientOf(says(status, { isValid: false, invalidReason: 'insufficient_funds', invalidMessage: null }));
      expect(await client.verify('settle.verify', payment)).toEqual({
        kind: 'invalid',
        reason: 'insufficient_funds',
        message: null,
        payer: null,
      });
    }
  });

  test.each<[string, Answer]>([
    ['an error', says(503, { error: 'unavailable' })],
    ['a stranger’s 401', says(401, { error: 'unauthorized' })],
    ['valid with a failing status', says(500, { isValid: true })],
    ['no JSON', (_, response) => response.end('<html>')],
    ['a torn connection', request => request.socket.destroy()],
    ['silence', () => {}],
    ['an endless answer', (_, response) => response.end('x'.repeat(100_000))],
  ])('%s says nothing about the payment', async (_, answer) => {
    const client = await clientOf(answer, 200);
    expect(await client.verify('settle.verify', payment)).toMatchObject({ kind: 'unavailable' });
  });

  test('nobody listens', async () => {
    const client = openFacilitatorClient({ url: 'http://127.0.0.1:1', steps: quietSteps });
    expect(await client.verify('settle.verify', payment)).toMatchObject({ kind: 'unavailable' });
    expect(await client.settle('settle.submit', payment)).toMatchObject({ kind: 'unavailable', signature: null });
    expect(await client.supported('api.ready.facilitator')).toMatchObject({ kind: 'unavailable' });
  });
});

describe('settle', () => {
  test('success has a signature', async () => {
    const client = await clientOf(says(200, { success: true, transaction: 'sig', network: 'n' }));
    expect(await client.settle('settle.submit', payment)).toEqual({ kind: 'success', signature: 'sig' });
  });

  test('success without a signature is none', async () => {
    const client = await clientOf(says(200, { success: true, transaction: '', network: 'n' }));
    expect(await client.settle('settle.submit', payment)).toMatchObject({ kind: 'failed', signature: null });
  });

  test('a failure keeps its signature: the money may have moved', async () => {
    const client = await clientOf(
      says(200, { success: false, errorReason: 'settlement_pending', transaction: 'sig', network: 'n' }),
    );
    expect(await client.settle('settle.submit', payment)).toEqual({
      kind: 'failed',
      reason: 'settlement_pending',
      message: null,
      signature: 'sig',
    });
  });

  test('silence says nothing', async () => {
    const client = await clientOf(() => {}, 200);
    expect(await client.settle('settle.submit', payment)).toMatchObject({ kind: 'unavailable', signature: null });
  });
});

test('supported: fee payers of the offered kind, first the named one, then other signers', async () => {
  const client = await clientOf(
    says(200, {
      kinds: [
        { x402Version: 2, scheme: 'exact', network: 'solana:EtWTRABZaYq6iMfeYKouRu166VU2xqa1', extra: { feePayer: 'A' } },
        { x402Version: 1, scheme: 'exact', network: 'solana', extra: { feePayer: 'C' } },
      ],
      extensions: [],
      signers: { 'solana:*': ['B', 'A'], 'eip155:*': ['0x1'] },
    }),
  );
  expect(await client.supported('api.ready.facilitator')).toEqual({
    kind: 'supported',
    feePayers: { 'solana-devnet': ['A', 'B'], 'solana-mainnet': [] },
  });
});
