import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Stack, startStack } from '#apps/dev/stack';
import { violations } from '#test/support/invariants';
import { bothSides, told, Victim } from '#test/support/kills';
import { TEST_PACE } from '#test/support/pace';
import { settledBy, show, signProof } from '#test/support/proofs';
import { served } from '#test/support/served';
import { openShop, type Shop } from '#test/support/shop';
import { rows } from '#test/support/sql';

const KILLS = bothSides(
  'facilitator.verify',
  'facilitator.sign',
  'facilitator.store',
  'facilitator.send',
  'facilitator.status',
  'facilitator.resolve',
);
const PRICE = 100_000n;
/** Slots long enough that no transaction expires while a process starts again on a busy machine. */
const SLOT_MS = 200;

let stack: Stack;
let shop: Shop;
let facilitator: Victim;

beforeAll(async () => {
  stack = await startStack({ env: TEST_PACE, slotMs: SLOT_MS });
  shop = await openShop(stack);
  facilitator = new Victim(stack, 'facilitator', KILLS);
});
afterAll(() => stack?.stop());

for (const kill of KILLS) {
  test(`I3: a facilitator killed ${told(kill)} has the payment settled once, and nobody asked again`, async () => {
    const before = await shop.buyer.balance();
    const cosigned = await countSigned();
    await facilitator.doom(kill);
    const proof = await signProof(shop);

    const answering = show(proof, shop.payUrl);
    await facilitator.died(kill);
    await facilitator.revive(kill);

    const answer = await served(proof, shop.payUrl, answering);
    expect(answer.body).toEqual({ ok: true });
    expect(await shop.paymentBySignature(settledBy(answer))).toMatchObject({ status: 'settled', amount_atomic: `${PRICE}` });
    expect(before - (await shop.buyer.balance())).toBe(PRICE);
    expect(await countSigned()).toBe(cosigned + 1);
    expect(settledBy(await show(proof, shop.payUrl))).toBe(settledBy(answer));
    expect(await violations(stack)).toEqual([]);
  });
}

test('a facilitator that died says that it is ready again', async () => {
  const ready = await fetch(`${stack.urls.facilitator}/readyz`);
  expect(ready.status).toBe(200);
});

/** Transactions that the sponsor has ever signed. */
const countSigned = async () => (await rows(stack, 'select from facilitator_settlements')).length;
