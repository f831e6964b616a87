import { expect, test } from 'vitest';
import type { Chain } from '#libs/chain/chain';
import type { Parts } from '#libs/parts';
import type { FacilitatorClient } from '#libs/paywall/facilitator-client';
import { ids, USDC } from '#test/support/books';
import { useDatabase } from '#test/support/database';
import { insertAgent, insertPayment, PACE } from '#test/support/rows';
import { failSettlement } from './fail.ts';
import { settlePayment } from './settle.ts';

const at = useDatabase();
const WATCH = { pace: PACE, tries: 1, beat() {}, abort: new AbortController().signal };

/** A pending payment, and parts whose facilitator a test can direct. */
async function pending(facilitator: Partial<FacilitatorClient>) {
  const { id } = await insertPayment(at.db, await insertAgent(at.db), 100_000n);
  const carrier = `settlement:${id}`;
  await at.db.read
    .updateTable('payments')
    .set({ status: 'pending', captured: null, tx_sig: null })
    .where('id', '=', id)
    .execute();
  const silent = () => Promise.reject(new Error('nobody asks the chain here'));
  const chain: Chain = { network: USDC.network, providers: 1, ask: silent, askAll: silent, askEach: silent };
  const parts = {
    db: at.db,
    ids,
    clock: { now: () => new Date() },
    log: { info() {}, warn() {} },
    chains: new Map([[USDC.network, chain]]),
    facilitators: new Map([[USDC.network, facilitator]]),
    workflowUrl: () => null,
  } as unknown as Parts;
  return { parts, ref: { paymentId: id, carrier } };
}

test('I3: what another run saw refused and failed, while this one was verifying, is never submitted', async () => {
  let submitted = 0;
  const { parts, ref } = await pending({
    verify: async () => {
      const run = { workflow_id: ref.carrier, run_id: 'other', started_at: new Date().toISOString() };
      await failSettlement(parts, ref.paymentId, run, { kind: 'refused', code: 'refused', message: 'by a node that is behind' });
      return { kind: 'valid', payer: null };
    },
    settle: async () => {
      submitted++;
      return { kind: 'unavailable', message: 'no', signature: null };
    },
  });
  expect(await settlePayment(parts, ref, WATCH)).toEqual({ kind: 'done', status: 'failed' });
  expect(submitted).toBe(0);
});

test('I3: a refusal that comes after another run has submitted ends nothing', async () => {
  const { parts, ref } = await pending({});
  await at.db.read.updateTable('payments').set({ submitted_at: new Date() }).where('id', '=', ref.paymentId).execute();
  const run = { workflow_id: ref.carrier, run_id: 'late', started_at: new Date().toISOString() };
  expect(await failSettlement(parts, ref.paymentId, run, { kind: 'refused', code: 'refused', message: 'late' })).toEqual({
    status: 'pending',
  });
});
