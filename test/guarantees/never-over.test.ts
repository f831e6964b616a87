import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Stack, startStack } from '#apps/dev/stack';
import { violations } from '#test/support/invariants';
import { TEST_PACE } from '#test/support/pace';
import { openShop, type Shop } from '#test/support/shop';

let stack: Stack;
let shop: Shop;

beforeAll(async () => {
  stack = await startStack({ env: TEST_PACE });
  shop = await openShop(stack);
});
afterAll(() => stack?.stop());

test('I1: of 64 refunds at once against one payment none goes over, and the sum is exact', async () => {
  const payment = await shop.paid();
  const before = await shop.buyer.balance();

  const answers = await Promise.all(Array.from({ length: 64 }, () => shop.refund(payment.id, 3_000n)));

  const accepted = answers.filter(answer => answer.status === 201);
  expect(accepted).toHaveLength(33); // 33 × 3,000 of 100,000
  for (const refused of answers.filter(answer => answer.status !== 201)) {
    expect(refused).toMatchObject({ status: 422, body: { code: 'refund_exceeds_remaining', requested_atomic: '3000' } });
  }
  const rest = await shop.refund(payment.id);
  expect(rest).toMatchObject({ status: 201, body: { amount_atomic: '1000' } });

  for (const { body } of [...accepted, rest]) await shop.refundIs(body.id, 'succeeded');
  expect(await shop.payment(payment.id)).toMatchObject({
    status: 'refunded',
    refunded_atomic: '100000',
    reserved_atomic: '0',
    refundable_atomic: '0',
  });
  expect((await shop.buyer.balance()) - before).toBe(100_000n);
  expect(await violations(stack)).toEqual([]);
});
