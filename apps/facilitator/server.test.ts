import { expect, test } from 'vitest';
import { mustDecode } from '#libs/chain/decode';
import { facilitatorRequest } from '#libs/paywall/facilitator-client';
import { TOKEN, useFacilitator } from './facilitator.fixture.ts';

const at = useFacilitator();
const _rowOf = async (payment: { wire: Uint8Array }) => {
  const hash = mustDecode(payment.wire).messageHash;
  return (await at.rows()).find(row => row.message_hash.equals(hash)) ?? null;
};
const post = (path: string, body: object, headers: Record<string, string> = { authorization: `Bearer ${TOKEN}` }) =>
  fetch(at.url + path, {
    method: 'POST',
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/json', ...headers },
  });

test('v1 requests are served in v1’s words', async () => {
  const { amount, network: _, ...offer } = at.offer();
  const { wire } = await at.pay({ ...offer, amount, network: 'solana:EtWTRABZaYq6iMfeYKouRu166VU2xqa1' });
  const network = 'solana-devnet';
  const body = {
    x402Version: 1,
    paymentPayload: { x402Version: 1, scheme: 'exact', network, payload: { transaction: Buffer.from(wire).toString('base64') } },
    paymentRequirements: {
      ...offer,
      network,
      maxAmountRequired: amount,
      resource: 'https://example.com',
      description: '',
      mimeType: '',
    },
  };
  expect(await (await post('/verify', body)).json()).toMatchObject({ isValid: true });
  expect(await (await post('/settle', body)).json()).toMatchObject({ success: true, network, transaction: expect.any(String) });
});

test('/verify and /settle are closed to strangers; /supported is open', async () => {
  const body = facilitatorRequest(await at.pay(at.offer()));
  for (const path of ['/verify', '/settle']) {
    for (const headers of [{}, { authorization: 'Bearer ' }, { authorization: `Bearer ${TOKEN}x` }, { authorization: TOKEN }]) {
      expect((await post(path, body, headers as Record<string, string>)).status).toBe(401);
    }
  }
  const kinds = (await (await fetch(`${at.url}/supported`)).json()) as { kinds: object[] };
  expect(kinds.kinds).toContainEqual({
    x402Version: 2,
    scheme: 'exact',
    network: 'solana:EtWTRABZaYq6iMfeYKouRu166VU2xqa1',
    extra: { feePayer: at.keys.sponsor.address },
  });
});

test('broken and oversized bodies are the caller’s fault', async () => {
  const headers = { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' };
  expect((await fetch(`${at.url}/settle`, { method: 'POST', body: '{', headers })).status).toBe(400);
  expect((await fetch(`${at.url}/settle`, { method: 'POST', body: JSON.stringify('x'.repeat(40_000)), headers })).status).toBe(
    413,
  );
  expect(await (await post('/settle', {})).json()).toMatchObject({ success: false, errorReason: 'invalid_payload' });
  expect((await post('/nothing', {})).status).toBe(404);
});

test('/readyz tells the sponsor’s money, and a node of another chain is not ready', async () => {
  const ready = await fetch(`${at.url}/readyz`);
  expect(ready.status).toBe(200);
  expect(await ready.json()).toMatchObject({
    ready: true,
    missing: [],
    sponsor: { lamports: { 'solana-devnet': expect.stringMatching(/^\d+$/) } },
  });
  const other = await fetch(`${await at.start({ SOLANA_DEVNET_GENESIS_HASH: 'another' })}/readyz`);
  expect(other.status).toBe(503);
  expect(await other.json()).toMatchObject({ ready: false, missing: [expect.stringContaining('another chain')] });
  expect((await fetch(`${at.url}/healthz`)).status).toBe(200);
});
