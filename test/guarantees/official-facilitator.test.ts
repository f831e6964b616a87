import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Stack, startStack } from '#apps/dev/stack';
import { openMeddler, openOfficial } from '#test/support/facilitators';
import { clearFaults, inject } from '#test/support/faults';
import { TEST_PACE } from '#test/support/pace';
import { signProof } from '#test/support/proofs';
import { expectPaidOnce, servedAtLast, standing } from '#test/support/settlements';
import { admin, openShop, type Shop } from '#test/support/shop';

let stack: Stack;
let shop: Shop;
let official: Awaited<ReturnType<typeof openOfficial>>;
let tap: Awaited<ReturnType<typeof openMeddler>>;
/** What the official facilitator said of each settlement, in order. */
const said: { success: boolean; errorReason?: string; transaction: string }[] = [];

beforeAll(async () => {
  official = await openOfficial(() => stack.urls.rpc);
  tap = await openMeddler(() => official.url);
  tap.interfere = async (path, forward) => {
    const answer = await forward();
    if (path === '/settle') said.push(JSON.parse(answer.body));
    return answer;
  };
  stack = await startStack({
    env: { ...TEST_PACE, EBB_PACE_BUYER_WAIT_MS: '2000' },
    given: { EBB_FACILITATOR_DEVNET_URL: tap.url },
  });
  await admin(stack, 'POST', '/airdrop', { address: official.sponsor, lamports: '10000000000' });
  shop = await openShop(stack);
});
afterEach(async () => {
  said.length = 0;
  await clearFaults(stack);
});
afterAll(async () => {
  await stack?.stop();
  await tap?.close();
  await official?.close();
});

test('the official facilitator, unmodified, settles payments of Ebb', async () => {
  const before = await standing(shop);
  await expectPaidOnce(shop, before, await servedAtLast(shop, await signProof(shop)));
  expect(said).toMatchObject([{ success: true }]);
});

describe('I3: the official facilitator says "failed" although the money moved, and the payment is settled by proof when the RPC', () => {
  test.each([
    ['errors after accepting', { kind: 'accept_lose_answer', answer: 'error' }],
    ['breaks the line after accepting', { kind: 'accept_lose_answer', answer: 'reset' }],
  ] as const)('%s', async (_how, fault) => {
    const before = await standing(shop);
    const proof = await signProof(shop);
    const purse = await shop.buyer.tokenAccount();
    const set = await inject(stack, { ...fault, method: 'sendTransaction', account: purse, times: 1 });

    const served = await servedAtLast(shop, proof);

    expect(await set.met()).toBe(1);
    expect(said[0]).toMatchObject({ success: false });
    await expectPaidOnce(shop, before, served);
  });
});
