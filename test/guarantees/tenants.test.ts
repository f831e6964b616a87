import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Stack, startStack } from '#apps/dev/stack';
import type { PaymentView } from '#libs/payments/view';
import { TEST_PACE } from '#test/support/pace';
import { openShop, type Shop } from '#test/support/shop';
import { rows } from '#test/support/sql';

let stack: Stack;
let owner: Shop;
let stranger: Shop;
let payment: PaymentView;
let refundId: string;
let receipt: string;

beforeAll(async () => {
  stack = await startStack({ env: TEST_PACE });
  [owner, stranger] = await Promise.all([openShop(stack), openShop(stack)]);
  payment = await owner.paid();
  refundId = await owner.accepted(payment.id, 40_000n);
  await owner.refundIs(refundId, 'succeeded');
  receipt = payment.receipt_hash ?? '';
});
afterAll(() => stack?.stop());

/** What the owner can read, by path: the proof that a stranger's 404 is about who asks. */
const readable = (): string[] => [
  `/v1/payments/${payment.id}`,
  `/v1/refunds/${refundId}`,
  `/v1/payment-links/${owner.link}`,
  `/v1/agents/${owner.agent}`,
  `/v1/receipts/by-hash/${receipt}`,
  `/v1/receipts/${owner.agent}`,
];

const lists = (): string[] => [
  '/v1/payments',
  `/v1/payments?tx_sig=${payment.tx_sig}`,
  `/v1/payments?payer=${owner.buyer.address}`,
  `/v1/payments?owner_agent=${owner.agent}`,
  `/v1/payments?payment_link_id=${owner.link}`,
  '/v1/refunds',
  `/v1/refunds?payment_id=${payment.id}`,
  `/v1/refunds?payer=${owner.buyer.address}`,
  `/v1/refunds?owner_agent=${owner.agent}`,
  `/v1/payment-links?owner_agent=${owner.agent}`,
];

describe('I8: another account’s key', () => {
  test('reads nothing: someone else’s object is a 404, as one that never was', async () => {
    for (const path of readable()) {
      expect((await owner.api.get(path)).status, path).toBe(200);
      const shut = await stranger.api.get<Record<string, unknown>>(path);
      expect(shut.status, path).toBe(404);
      const never = await stranger.api.get<Record<string, unknown>>(path.replace(/[^/]+$/, last => lookalike(last)));
      expect({ ...shut.body, ...own }, path).toEqual({ ...never.body, ...own });
    }
  });

  test('hears nothing: its lists are empty, however it asks', async () => {
    for (const path of lists()) {
      expect((await owner.api.all(path)).length, path).toBeGreaterThan(0);
      expect(await stranger.api.all(path.replace(/^\/v1\/payment-links$/, ''))).toEqual([]);
    }
    expect((await stranger.api.all<{ id: string }>('/v1/payment-links')).map(link => link.id)).toEqual([stranger.link]);
    expect((await stranger.api.all<{ mint: string }>('/v1/agents')).map(agent => agent.mint)).toEqual([stranger.agent]);
  });

  test('moves nothing: a refund of someone else’s payment, by any of its names, is refused and reserves nothing', async () => {
    const names = [
      { payment_id: payment.id },
      { original_tx_sig: payment.tx_sig },
      { original_receipt_hash: payment.receipt_hash },
    ];
    for (const name of names) {
      const answer = await stranger.api.post('/v1/payments/refund', name);
      expect(answer).toMatchObject({ status: 404, body: { code: 'payment_not_found' } });
    }
    for (const act of ['cancel', 'retry']) {
      const answer = await stranger.api.post<{ code: string }>(`/v1/refunds/${refundId}/${act}`, {});
      expect([answer.status, answer.body.code], act).toEqual([404, 'refund_not_found']);
    }
    expect(await owner.payment(payment.id)).toMatchObject({ refunded_atomic: '40000', reserved_atomic: '0' });
    const foreign = await rows(stack, 'select id from refunds where account_id not in (select account_id from payments)');
    expect(foreign).toEqual([]);
  });

  test('is told apart by its own idempotency keys: the same key of two accounts is two requests', async () => {
    const theirs = await stranger.paid();
    const headers = { 'idempotency-key': 'the-same-key' };
    const [mine, other] = await Promise.all([
      owner.api.post<{ id: string }>('/v1/payments/refund', { payment_id: payment.id, amount_atomic: '1' }, headers),
      stranger.api.post<{ id: string }>('/v1/payments/refund', { payment_id: theirs.id, amount_atomic: '1' }, headers),
    ]);
    expect([mine.status, other.status]).toEqual([201, 201]);
    expect(mine.body.id).not.toBe(other.body.id);
  });
});

/** What differs between any two answers. */
const own = { request_id: '', instance: '', detail: '' };

/** An id of the same shape that nothing has. */
const lookalike = (id: string): string => `${id.slice(0, -6)}${id.slice(-6) === 'AAAAAA' ? 'BBBBBB' : 'AAAAAA'}`;
