import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Stack } from '#apps/dev/stack';
import type { PaymentView } from '#libs/payments/view';
import type { RefundView } from '#libs/refunds/view';
import { startTestStack } from '#test/support/given-chain';
import { violations } from '#test/support/invariants';
import { TEST_PACE } from '#test/support/pace';
import { openShop, type Shop } from '#test/support/shop';

let stack: Stack;
let shop: Shop;
let payment: PaymentView;
beforeAll(async () => {
  stack = await startTestStack({ env: TEST_PACE });
  shop = await openShop(stack);
  payment = await shop.paid();
});
afterAll(() => stack?.stop());

const refund = (body: Record<string, unknown>, key?: string) =>
  shop.api.post<RefundView & { code?: string }>('/v1/payments/refund', body, key === undefined ? {} : { 'idempotency-key': key });
const refundsOf = (id: string) => shop.api.all<RefundView>(`/v1/refunds?payment_id=${id}`);

describe('a repeat is one refund', () => {
  test('with the same Idempotency-Key: the first answer, to the byte; with another body: refused', async () => {
    const key = randomUUID();
    const body = { payment_id: payment.id, amount_atomic: '1000' };
    const first = await refund(body, key);
    const again = await refund({ amount_atomic: '1000', payment_id: payment.id }, key);
    expect([first.status, again.status]).toEqual([201, 201]);
    expect(again.headers.get('idempotent-replayed')).toBe('true');
    expect(again.body).toEqual(first.body);
    expect(await refund({ ...body, amount_atomic: '1001' }, key)).toMatchObject({
      status: 409,
      body: { code: 'idempotency_body_mismatch' },
    });
    expect((await refundsOf(payment.id)).filter(one => one.amount_atomic === '1000')).toHaveLength(1);
  });

  test('with the same external_id: the refund as it is now; with other content: refused; on another payment: another', async () => {
    const body = { payment_id: payment.id, amount_atomic: '2000', external_id: 'order-7/1' };
    const first = await refund(body);
    expect(first.status).toBe(201);
    await shop.refundIs(first.body.id, 'succeeded');
    const again = await refund({ ...body, client_reference: 'asked again' });
    expect(again).toMatchObject({ status: 200, body: { id: first.body.id, status: 'succeeded', external_id: 'order-7/1' } });
    expect(await refund({ ...body, amount_atomic: '2001' })).toMatchObject({
      status: 409,
      body: { code: 'external_id_conflict' },
    });
    const other = await shop.paid();
    expect(await refund({ ...body, payment_id: other.id })).toMatchObject({ status: 201 });
  });

  test('twenty at once with one external_id', async () => {
    const body = { payment_id: payment.id, amount_atomic: '3000', external_id: 'all-at-once' };
    const answers = await Promise.all(Array.from({ length: 20 }, () => refund(body)));
    const done = answers.filter(one => one.status === 200 || one.status === 201);
    expect(answers.filter(one => ![200, 201].includes(one.status)).map(one => one.body)).toEqual([]);
    expect(new Set(done.map(one => one.body.id)).size).toBe(1);
    expect(answers.filter(one => one.status === 201)).toHaveLength(1);
  });

  test('and two people at the same refund: the second is told that the balance has changed', async () => {
    const { refundable_atomic } = await shop.payment(payment.id);
    const body = { payment_id: payment.id, amount_atomic: '1500', expected_refundable_atomic: refundable_atomic };
    expect((await refund(body)).status).toBe(201);
    expect(await refund(body)).toMatchObject({ status: 409, body: { code: 'balance_changed' } });
  });
});

describe('lists', () => {
  test('neither skip nor repeat, page by page, while more is written', async () => {
    const mine = await shop.paid();
    for (let n = 1; n <= 5; n++) expect((await refund({ payment_id: mine.id, amount_atomic: String(n) })).status).toBe(201);
    const seen: string[] = [];
    let cursor: string | null = '';
    while (cursor !== null) {
      const at: string = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`;
      const page: { items: RefundView[]; next_cursor: string | null } = await shop.api.read(
        `/v1/refunds?payment_id=${mine.id}&limit=2${at}`,
      );
      expect(page.items.length).toBeLessThanOrEqual(2);
      seen.push(...page.items.map(one => one.amount_atomic));
      cursor = page.next_cursor;
      // Newer than what the cursor has passed: it does not come up, and moves nothing.
      if (seen.length === 2) expect((await refund({ payment_id: mine.id, amount_atomic: '6' })).status).toBe(201);
    }
    expect(seen).toEqual(['5', '4', '3', '2', '1']);
    expect((await refundsOf(mine.id)).map(one => one.amount_atomic)).toEqual(['6', '5', '4', '3', '2', '1']);
  });

  test('are narrowed by what the object says, and a cursor of somebody else is refused', async () => {
    const mine = await shop.paid();
    const done = await shop.refundIs(await shop.accepted(mine.id), 'succeeded');
    const by = async (query: string) => (await shop.api.all<{ id: string }>(query)).map(one => one.id);
    expect(await by(`/v1/payments?tx_sig=${mine.tx_sig}`)).toEqual([mine.id]);
    expect(await by('/v1/payments?status=refunded')).toContain(mine.id);
    expect(await by(`/v1/payments?payer=${shop.buyer.address}`)).toContain(mine.id);
    expect(await by(`/v1/payments?payment_link_id=${shop.link}`)).toEqual(await by(`/v1/payments?owner_agent=${shop.agent}`));
    expect(await by(`/v1/refunds?tx_sig=${done.tx_sig}`)).toEqual([done.id]);
    expect(await by(`/v1/refunds?payment_id=${mine.id}&status=succeeded`)).toEqual([done.id]);
    expect(await by(`/v1/refunds?payment_id=${mine.id}&status=failed`)).toEqual([]);
    expect(await shop.api.get('/v1/refunds?cursor=bm90LW91cnM')).toMatchObject({
      status: 400,
      body: { code: 'invalid_request' },
    });
  });
});

test('an account sets how often a payment is refunded, and is held to it', async () => {
  const changed = await shop.api.patch<{ max_refunds_per_payment: number }>('/v1/account/settings', {
    max_refunds_per_payment: 1,
  });
  expect(changed).toMatchObject({ status: 200, body: { max_refunds_per_payment: 1 } });
  const mine = await shop.paid();
  expect((await shop.refund(mine.id, 1n)).status).toBe(201);
  expect(await shop.refund(mine.id, 1n)).toMatchObject({ status: 422, body: { code: 'too_many_refunds' } });
});

test('what stands after all of it: books, treasury and receipts agree', async () => {
  const open = ['pending', 'processing'];
  for (const status of open) {
    for (const one of await shop.api.all<RefundView>(`/v1/refunds?status=${status}`)) await shop.refundIs(one.id, 'succeeded');
  }
  expect(await violations(stack)).toEqual([]);
});
