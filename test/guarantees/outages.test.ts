import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { type Stack, startStack } from '#apps/dev/stack';
import type { PartName } from '#apps/dev/stack-options';
import type { RefundView } from '#libs/refunds/view';
import { eventually } from '#test/support/eventually';
import { violations } from '#test/support/invariants';
import { TEST_PACE } from '#test/support/pace';
import { type Proof, type Shown, show, signProof, transactionsOf } from '#test/support/proofs';
import { refundsOnChain } from '#test/support/refunds-on-chain';
import { openShop, type Shop } from '#test/support/shop';
import { rows } from '#test/support/sql';

let stack: Stack;
let shop: Shop;

beforeAll(async () => {
  // Slots as on the real chain: a signed transaction lives for a minute, longer than these outages.
  stack = await startStack({ env: { ...TEST_PACE, EBB_PACE_BUYER_WAIT_MS: '3000' }, temporalOnFile: true, slotMs: 400 });
  shop = await openShop(stack);
});
afterAll(() => stack?.stop());

const PRICE = 100_000n;
const PART = 15_000n;
const PARTS_EACH = 5;
const PAYMENTS = 4;
const PROOFS = 6;

/** What goes on when a part dies: payments with refunds on their way, and proofs that are being shown. */
interface Traffic {
  balance: bigint;
  transactions: number;
  refunds: string[];
  proofs: Proof[];
  /** First answers to the proofs, or null where the connection broke. */
  shown: Promise<(Shown | null)[]>;
}
let traffic: Traffic;

beforeEach(async () => {
  const balance = await shop.buyer.balance();
  const purse = await shop.buyer.tokenAccount();
  const transactions = (await transactionsOf(stack.urls.rpc, purse)).length;
  const payments = await Promise.all(Array.from({ length: PAYMENTS }, () => shop.paid()));
  const proofs = await Promise.all(Array.from({ length: PROOFS }, () => signProof(shop)));
  const asked = payments.flatMap(({ id }) => Array.from({ length: PARTS_EACH }, () => shop.accepted(id, PART)));
  const shown = Promise.all(proofs.map(proof => show(proof, shop.payUrl).catch(() => null)));
  traffic = { balance, transactions, refunds: await Promise.all(asked), proofs, shown };
});

/** Brings every proof to its end, as a buyer does who keeps showing it: whatever it is told, never to pay again. */
async function servedAll(): Promise<void> {
  const first = await traffic.shown;
  for (const [at, proof] of traffic.proofs.entries()) {
    expect(first[at]?.status).not.toBe(402);
    await eventually(
      'the proof is served',
      async () => {
        const again = await show(proof, shop.payUrl).catch(() => null);
        expect(again?.status).not.toBe(402);
        return again?.status === 200;
      },
      90_000,
    );
  }
}

/** Everything has ended, once, and nothing is left over. */
afterEach(async () => {
  await servedAll();
  const purse = await shop.buyer.tokenAccount();
  for (const id of traffic.refunds) {
    const refund = await shop.refundIs(id, 'succeeded', 90_000);
    expect(await refundsOnChain(stack, purse, id)).toEqual([refund.tx_sig]);
  }
  const paid = PRICE * BigInt(PAYMENTS + PROOFS);
  const back = PART * BigInt(traffic.refunds.length);
  expect(await shop.buyer.balance()).toBe(traffic.balance - paid + back);
  const landed = (await transactionsOf(stack.urls.rpc, purse)).length - traffic.transactions;
  expect(landed).toBe(PAYMENTS + PROOFS + traffic.refunds.length);
  expect(await violations(stack)).toEqual([]);
  await eventually('the outbox is empty', async () => (await rows(stack, 'select id from outbox')).length === 0);
  const open = `select p.id from payments p where status = 'pending' union all
    select r.id from refunds r where status not in ('succeeded', 'canceled', 'failed')`;
  expect(await rows(stack, open)).toEqual([]);
  const untold = `select o.id from (select id, carrier from payments union all select id, carrier from refunds) o
    where not exists (select from workflow_outcomes w where w.workflow_id = o.carrier and w.object_id = o.id)`;
  expect(await rows(stack, untold)).toEqual([]);
}, 180_000);

const settling = () => new Promise(resolve => setTimeout(resolve, 1_500));

test('I2, I3: Temporal is killed in the middle and starts again; meanwhile refunds are accepted at once', async () => {
  const temporal = stack.part('temporal');
  await temporal.kill();

  const target =
    (await shop.api.all<{ id: string; refundable_atomic: string }>('/v1/payments?status=settled')).at(0) ??
    (await shop.api.all<{ id: string; refundable_atomic: string }>('/v1/payments?status=partially_refunded')).at(0);
  const began = performance.now();
  const accepted = await shop.refund(target?.id ?? '', PART);
  expect(accepted.status).toBe(201);
  expect(performance.now() - began).toBeLessThan(1_000);
  traffic.refunds.push(accepted.body.id);
  // A buyer is not asked to pay again by an outage of the orchestrator: the proof is claimed, and waits.
  const proof = await signProof(shop);
  const shown = await show(proof, shop.payUrl);
  expect([200, 202]).toContain(shown.status);
  const waiting = await shop.api.read<RefundView>(`/v1/refunds/${accepted.body.id}`);
  expect(waiting).toMatchObject({ status: 'pending', waiting: { reason: 'not_yet_sent' } });

  await temporal.start();
  await eventually('that proof is served too', async () => (await show(proof, shop.payUrl)).status === 200, 90_000);
  traffic.balance -= PRICE;
  traffic.transactions += 1;
});

test.each<[string, PartName]>([
  ['PostgreSQL', 'postgres'],
  ['the chain’s node', 'localnet'],
])('I2, I3: %s is killed in the middle and starts again', async (_what, name) => {
  const part = stack.part(name);
  await part.kill();
  await settling();
  if (name === 'postgres') {
    const [payment] = await Promise.all([shop.api.get<{ code: string }>('/v1/payments')]);
    expect(payment).toMatchObject({ status: 503, body: { code: 'database_unavailable' } });
  }
  await part.start();
});

test('I2, I3: every part of Ebb is killed at once, and starts again', async () => {
  const names: PartName[] = ['api', 'relay', 'worker', 'facilitator'];
  await Promise.all(names.map(name => stack.part(name).kill()));
  await Promise.all(names.map(name => stack.part(name).start()));
});
