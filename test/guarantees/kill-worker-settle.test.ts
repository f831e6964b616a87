import { type Address, createSolanaRpc, generateKeyPairSigner } from '@solana/kit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ataOf } from '#apps/dev/buyer';
import { type Stack, startStack } from '#apps/dev/stack';
import { ASSETS } from '#libs/money/assets';
import { violations } from '#test/support/invariants';
import { bothSides, told, Victim } from '#test/support/kills';
import { TEST_PACE } from '#test/support/pace';
import { settledBy, show, signProof } from '#test/support/proofs';
import { served } from '#test/support/served';
import { openShop, type Shop } from '#test/support/shop';
import { rows } from '#test/support/sql';

/** The way of a payment that meets no trouble, step by step. */
const SETTLING = bothSides('settle.take', 'settle.verify', 'settle.mark', 'settle.submit', 'settle.find', 'settle.record');
const OPENING = bothSides('treasury.take', 'treasury.look', 'treasury.sign', 'treasury.send', 'treasury.opened');
const PRICE = 100_000n;
/** Slots long enough that no transaction expires while a process starts again on a busy machine. */
const SLOT_MS = 200;

let stack: Stack;
let shop: Shop;
let worker: Victim;

beforeAll(async () => {
  stack = await startStack({ env: TEST_PACE, slotMs: SLOT_MS });
  shop = await openShop(stack);
  worker = new Victim(stack, 'worker', [...SETTLING, ...OPENING]);
});
afterAll(() => stack?.stop());

for (const kill of SETTLING) {
  test(`I3: a worker killed ${told(kill)} has nobody pay twice`, async () => {
    const before = await shop.buyer.balance();
    await worker.doom(kill);
    const proof = await signProof(shop);

    const answering = show(proof, shop.payUrl);
    await worker.died(kill);
    await worker.revive(kill);

    const answer = await served(proof, shop.payUrl, answering);
    expect(answer.body).toEqual({ ok: true });
    const payment = await shop.paymentBySignature(settledBy(answer));
    expect(payment).toMatchObject({ status: 'settled', amount_atomic: `${PRICE}`, payer: { owner: shop.buyer.address } });
    expect(before - (await shop.buyer.balance())).toBe(PRICE);
    expect(settledBy(await served(proof, shop.payUrl))).toBe(settledBy(answer));
    expect(await violations(stack)).toEqual([]);
  });
}

for (const kill of OPENING) {
  test(`I6: a worker killed ${told(kill)} opens the treasury and says so once`, async () => {
    const { address } = await generateKeyPairSigner();
    await worker.doom(kill);

    const made = await shop.api.post('/v1/agents', { mint: address, label: 'Another shop', treasury: { kind: 'managed' } });
    expect(made.status).toBe(201);
    await worker.died(kill);
    await worker.revive(kill);

    const { pay_to } = await shop.api.until<{ pay_to: Address; treasury: { status: string } }>(
      `/v1/agents/${address}`,
      agent => agent.treasury.status === 'open',
    );
    expect(await openAccounts(pay_to)).toBe(3);
    const events = await rows(stack, `select from events where kind = 'agent.treasury.opened' and agent = $1`, [address]);
    expect(events).toHaveLength(1);
  });
}

/** How many of the network's token accounts an owner has on the chain. */
async function openAccounts(owner: Address): Promise<number> {
  const assets = ASSETS.filter(one => one.network === 'solana-devnet');
  const accounts = await Promise.all(assets.map(asset => ataOf(owner, asset)));
  const { value } = await createSolanaRpc(stack.urls.rpc)
    .getMultipleAccounts(accounts, { encoding: 'base64', commitment: 'confirmed' })
    .send();
  return value.filter((one, at) => one?.owner === assets[at]?.tokenProgram).length;
}
