import { randomUUID } from 'node:crypto';
import { generateKeyPairSigner } from '@solana/kit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Stack, startStack } from '#apps/dev/stack';
import type { PaymentView } from '#libs/payments/view';
import type { RefundView } from '#libs/refunds/view';
import { violations } from '#test/support/invariants';
import { bothSides, type Kill, told, Victim } from '#test/support/kills';
import { TEST_PACE } from '#test/support/pace';
import { settledBy, show, signProof } from '#test/support/proofs';
import { refundsOnChain } from '#test/support/refunds-on-chain';
import { served } from '#test/support/served';
import { openShop, type Shop } from '#test/support/shop';
import { rows } from '#test/support/sql';

const REFUNDING = bothSides('api.refund.accept');
const MAKING = bothSides('api.agent.create', 'api.link.create');
/** A look for the proof, then its claim, the start of its workflow, and the answer. */
const PAYING: Kill[] = [
  ...bothSides('api.pay.height', 'api.pay.claim', 'api.pay.start'),
  ...bothSides('api.pay.answer').map(kill => ({ ...kill, nth: 2 })),
];
const PRICE = 100_000n;
const AMOUNT = 1_000n;
/** Slots long enough that no transaction expires while a process starts again on a busy machine. */
const SLOT_MS = 200;

let stack: Stack;
let shop: Shop;
let payment: PaymentView;
let api: Victim;

beforeAll(async () => {
  stack = await startStack({ env: TEST_PACE, slotMs: SLOT_MS });
  shop = await openShop(stack);
  payment = await shop.paid();
  api = new Victim(stack, 'api', [...REFUNDING, ...PAYING, ...MAKING]);
});
afterAll(() => stack?.stop());

for (const kill of REFUNDING) {
  test(`I2: an API killed ${told(kill)} answers the same key with the same refund, and pays once`, async () => {
    const before = await shop.buyer.balance();
    const refunds = await shop.api.all<RefundView>('/v1/refunds');
    const ask = repeatable('/v1/payments/refund', { payment_id: payment.id, amount_atomic: `${AMOUNT}` });
    await api.doom(kill);

    await expect(ask()).rejects.toThrow();
    await api.died(kill);
    await api.revive(kill);

    const answer = await ask<RefundView>();
    expect(answer.status).toBe(201);
    expect((await ask<RefundView>()).body.id).toBe(answer.body.id);
    expect(await shop.api.all('/v1/refunds')).toHaveLength(refunds.length + 1);
    const ended = await shop.refundIs(answer.body.id, 'succeeded');
    expect((await shop.buyer.balance()) - before).toBe(AMOUNT);
    expect(await refundsOnChain(stack, await shop.buyer.tokenAccount(), ended.id)).toEqual([ended.tx_sig]);
    expect(await violations(stack)).toEqual([]);
  });
}

for (const kill of PAYING) {
  test(`I3, I9: an API killed ${told(kill)} gives for the same proof what was paid for, once`, async () => {
    const before = await shop.buyer.balance();
    const payments = await countPayments();
    await api.doom(kill);
    const proof = await signProof(shop);

    await expect(show(proof, shop.payUrl)).rejects.toThrow();
    await api.died(kill);
    await api.revive(kill);

    const answer = await served(proof, shop.payUrl);
    expect(answer.body).toEqual({ ok: true });
    expect(before - (await shop.buyer.balance())).toBe(PRICE);
    expect(await countPayments()).toBe(payments + 1);
    expect(await shop.paymentBySignature(settledBy(answer))).toMatchObject({ status: 'settled' });
    expect(await violations(stack)).toEqual([]);
  });
}

for (const kill of MAKING) {
  test(`an API killed ${told(kill)} makes what the same key asks for once`, async () => {
    const path = kill.step === 'api.agent.create' ? '/v1/agents' : '/v1/payment-links';
    const { address } = await generateKeyPairSigner();
    const body =
      kill.step === 'api.agent.create'
        ? { mint: address, label: 'Another shop', treasury: { kind: 'managed' } }
        : { label: 'Another', owner_agent: shop.agent, method: 'GET', price: '$1', response: { body: { ok: true } } };
    const there = (await shop.api.all(path)).length;
    const ask = repeatable(path, body);
    await api.doom(kill);

    await expect(ask()).rejects.toThrow();
    await api.died(kill);
    await api.revive(kill);

    const made = await ask();
    expect(made.status).toBe(201);
    expect((await ask()).body).toEqual(made.body);
    expect(await shop.api.all(path)).toHaveLength(there + 1);
  });
}

test('an API that died says that it is ready again', async () => {
  const ready = await fetch(`${stack.urls.api}/readyz`);
  expect(ready.status).toBe(200);
});

/** A request that can be sent again under the same key. */
function repeatable(path: string, body: object) {
  const headers = { 'idempotency-key': randomUUID() };
  return <T>() => shop.api.post<T>(path, body, headers);
}

const countPayments = async () => (await rows(stack, 'select from payments')).length;
