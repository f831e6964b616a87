import { Writable } from 'node:stream';
import { pino } from 'pino';
import { expect, test } from 'vitest';
import { settledPayment } from '../testing/settled-payment.ts';
import { useApi } from '../testing/use-api.ts';

const lines: Record<string, unknown>[] = [];
const sink = new Writable({
  write(chunk, _encoding, done) {
    lines.push(JSON.parse(String(chunk)));
    done();
  },
});
const under = useApi({}, { log: pino({ level: 'info' }, sink) });

test('one line per request, with the ids it is about and nothing that opens a door', async () => {
  const payment = await settledPayment(under);
  lines.length = 0;
  const refund = await under.ask('POST', '/v1/refunds', {
    headers: { 'idempotency-key': 'log-1' },
    body: { payment_id: payment.id, amount_atomic: '1', reason_text: 'private words' },
  });
  await under.ask('GET', `/x/${payment.link}?network=devnet&x=secret`, {
    key: null,
    headers: { 'payment-signature': 'proof-bytes' },
  });
  const logged = lines.filter(line => line.msg === 'request');
  expect(logged).toHaveLength(2);
  expect(logged[0]).toMatchObject({
    request_id: refund.headers['x-request-id'],
    method: 'POST',
    path: '/v1/refunds',
    status: 201,
    refund_id: refund.body.id,
    payment_id: payment.id,
    workflow_id: `refund:${refund.body.id}`,
    account_id: expect.stringMatching(/^acct_/),
    api_key_id: expect.stringMatching(/^key_/),
  });
  expect(logged[1]).toMatchObject({ path: '/x/{id}', payment_link_id: payment.link });
  const text = JSON.stringify(lines);
  for (const secret of [under.key, 'secret', 'private words', 'proof-bytes']) expect(text).not.toContain(secret);
});
