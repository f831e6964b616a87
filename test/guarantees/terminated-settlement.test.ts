import { readFileSync } from 'node:fs';
import type { Client } from '@temporalio/client';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Stack, startStack } from '#apps/dev/stack';
import { eventually } from '#test/support/eventually';
import { clearFaults, inject } from '#test/support/faults';
import { carriedAgain, commit, type Outrage } from '#test/support/operator';
import { TEST_PACE } from '#test/support/pace';
import { type Proof, show, signProof } from '#test/support/proofs';
import { expectPaidOnce, servedAtLast, standing } from '#test/support/settlements';
import { openShop, type Shop } from '#test/support/shop';
import { rows } from '#test/support/sql';
import { operator } from '#test/support/temporal';

let stack: Stack;
let shop: Shop;
let temporal: ReturnType<typeof operator>;
let client: Client;

beforeAll(async () => {
  // Slots as on the real chain, so that a proof outlives the time until somebody notices that nobody carries it.
  stack = await startStack({ env: { ...TEST_PACE, EBB_PACE_BUYER_WAIT_MS: '1000' }, slotMs: 400 });
  temporal = operator(stack);
  client = temporal.client;
  shop = await openShop(stack);
});
afterEach(() => clearFaults(stack));
afterAll(async () => {
  await temporal?.close();
  await stack?.stop();
});

interface Open {
  id: string;
  carrier: string;
  needs_attention: boolean;
  reason: string;
}

/** The payment that is open now, as its row has it. */
const open = async (): Promise<Open | undefined> =>
  (
    await rows<Open>(
      stack,
      `select id, carrier, needs_attention, waiting ->> 'reason' as reason from payments where status = 'pending'`,
    )
  )[0];

/**
 * Shows a proof while something keeps it from being settled: told to wait. Returns its payment once it waits for `reason`, and
 * the relay's line is gone that would have started its workflow had the API died: from then on only its row can bring it back.
 */
async function stuck(proof: Proof, reason: string): Promise<Open> {
  expect((await show(proof, shop.payUrl)).status).toBe(202);
  return eventually(`a payment that waits for ${reason}`, async () => {
    const payment = await open();
    const lines = await rows(stack, 'select id from outbox');
    return payment?.reason === reason && lines.length === 0 ? payment : null;
  });
}

/** A wait that a settlement can be in: how it gets there, and what ends it. */
const WAITS: [string, () => Promise<() => Promise<unknown>>][] = [
  [
    'not_yet_sent',
    async () => {
      await stack.part('facilitator').kill();
      return () => stack.part('facilitator').start();
    },
  ],
  [
    'awaiting_confirmation',
    async () => {
      const fault = await inject(stack, { kind: 'never_land', method: 'sendTransaction' });
      return () => fault.clear();
    },
  ],
  [
    'rpc_unavailable',
    async () => {
      for (const method of ['getSignatureStatuses', 'getSignaturesForAddress', 'getTransaction'])
        await inject(stack, { kind: 'unavailable', method });
      return () => clearFaults(stack);
    },
  ],
];
const OUTRAGES: Outrage[] = ['terminate', 'cancel', 'reset'];

describe.each(WAITS)(
  'I2, I7: a payment that waits for %s is settled once, and its buyer served, although its workflow is',
  (reason, enter) => {
    test.each(OUTRAGES)('%s from outside', async outrage => {
      const before = await standing(shop);
      const proof = await signProof(shop);
      const leave = await enter();
      const payment = await stuck(proof, reason);

      const lost = await commit(client, payment.carrier, outrage);
      expect((await show(proof, shop.payUrl)).status).toBe(409);
      await carriedAgain(client, payment.carrier, lost);
      if (outrage !== 'reset') expect(await open()).toMatchObject({ id: payment.id, needs_attention: true });

      await leave();
      await expectPaidOnce(shop, before, await servedAtLast(shop, proof, 60_000));
      const [row] = await rows(stack, 'select needs_attention from payments where id = $1', [payment.id]);
      expect(row).toEqual({ needs_attention: false });
      const outcomes = await rows(stack, 'select outcome from workflow_outcomes where object_id = $1', [payment.id]);
      expect(outcomes).toContainEqual({ outcome: 'settled' });
    });
  },
);

test('I2: a payment whose workflow is terminated after it landed and before it is recorded is recorded once', async () => {
  const before = await standing(shop);
  const worker = stack.part('worker');
  await worker.kill();
  await worker.start({ EBB_STEP_FAULT: 'settle.record:stall' });
  const proof = await signProof(shop);
  expect((await show(proof, shop.payUrl)).status).toBe(202);
  await eventually('the worker stands still', async () => readFileSync(`/proc/${worker.pid}/stat`, 'utf8').includes(') T '));
  const payment = await eventually('the payment', open);
  await commit(client, payment.carrier, 'terminate');
  expect((await show(proof, shop.payUrl)).status).toBe(409);

  await worker.kill();
  await worker.start();
  await expectPaidOnce(shop, before, await servedAtLast(shop, proof, 60_000));
});
