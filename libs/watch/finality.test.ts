import { expect, test } from 'vitest';
import type { Chain, ChainRpc } from '#libs/chain/chain';
import type { Parts } from '#libs/parts';
import { Bookkeeper } from '#test/support/bookkeeper';
import { ids, USDC } from '#test/support/books';
import { useDatabase } from '#test/support/database';
import { insertAgent, insertPayment, PACE } from '#test/support/rows';
import { watchFinality } from './finality.ts';

const at = useDatabase();

interface Node {
  finalized: bigint;
  status: { confirmationStatus: string; err: unknown } | null;
}

/** Providers that answer as told, all of them on one network. */
function partsOn(nodes: Node[]): Parts {
  const send = <T>(answer: T) => ({ send: async () => answer });
  const rpcs = nodes.map(
    node =>
      ({
        getSlot: () => send(node.finalized),
        getEpochInfo: () => send({ absoluteSlot: node.finalized, blockHeight: node.finalized }),
        getBlocks: (from: bigint, to: bigint) => send(Array.from({ length: Number(to - from) + 1 })),
        getSignatureStatuses: (signatures: string[]) =>
          send({ context: { slot: node.finalized + 32n }, value: signatures.map(() => node.status) }),
      }) as unknown as ChainRpc,
  );
  const chain = {
    network: USDC.network,
    providers: rpcs.length,
    askEach: (_step: string, question: (rpc: ChainRpc) => Promise<unknown>) => Promise.all(rpcs.map(question)),
  } as unknown as Chain;
  return {
    db: at.db,
    ids,
    pace: PACE,
    clock: { now: () => new Date() },
    log: { info() {}, warn() {}, error() {} },
    chains: new Map([[USDC.network, chain]]),
    workflowUrl: () => null,
  } as unknown as Parts;
}

async function paymentAt(slot: number): Promise<string> {
  await at.db.read.updateTable('payments').set({ finalized_at: new Date() }).execute();
  const { id } = await insertPayment(at.db, await insertAgent(at.db), 100_000n);
  await at.db.read.updateTable('payments').set({ slot }).where('id', '=', id).execute();
  return id;
}

const stateOf = (id: string) =>
  at.db.read.selectFrom('payments').select(['status', 'finalized_at']).where('id', '=', id).executeTakeFirstOrThrow();

test('a payment that a node behind has not reached is not gone', async () => {
  const id = await paymentAt(500);
  expect(await watchFinality(partsOn([{ finalized: 499n, status: null }]))).toEqual({ finalized: 0, gone: 0 });
  expect(await stateOf(id)).toEqual({ status: 'settled', finalized_at: null });
});

test('what one provider still has is not gone', async () => {
  const id = await paymentAt(500);
  const nodes = [
    { finalized: 600n, status: null },
    { finalized: 600n, status: { confirmationStatus: 'confirmed', err: null } },
  ];
  expect(await watchFinality(partsOn(nodes))).toEqual({ finalized: 0, gone: 0 });
  expect((await stateOf(id)).status).toBe('settled');
});

test('what no provider has any more, past its slot, is pending again and told', async () => {
  const id = await paymentAt(500);
  expect(await watchFinality(partsOn([{ finalized: 500n, status: null }]))).toEqual({ finalized: 0, gone: 1 });
  expect((await stateOf(id)).status).toBe('pending');
  const events = await at.db.read.selectFrom('events').select('kind').where('object_id', '=', id).execute();
  expect(events).toEqual([{ kind: 'payment.reopened' }]);
});

test('finalized by one provider is final', async () => {
  const id = await paymentAt(500);
  expect(await watchFinality(partsOn([{ finalized: 600n, status: { confirmationStatus: 'finalized', err: null } }]))).toEqual({
    finalized: 1,
    gone: 0,
  });
  expect((await stateOf(id)).finalized_at).not.toBeNull();
});

/** A refund whose one leg was posted from somebody else's transaction, as an operator resolved it. */
async function resolvedLeg(slot: number): Promise<{ refund: string; leg: string }> {
  const books = await Bookkeeper.open(at.db);
  const payment = await books.paid(100n);
  const refund = await books.refund(payment, 40n);
  await books.given(refund);
  const leg = await books.leg(refund);
  await at.db.read.updateTable('payments').set({ finalized_at: new Date() }).where('id', '=', payment).execute();
  await at.db.read.updateTable('legs').set({ slot }).where('id', '=', leg.id).execute();
  // What `resolve` stores of it: it had landed, finally.
  const foreign = { last_valid_block_height: 0, finalized_slot: slot, finalized_height: 0 };
  await at.db.read
    .updateTable('attempts')
    .set(foreign)
    .where('signature', '=', leg.tx_sig ?? '')
    .execute();
  return { refund, leg: leg.id };
}

test('someone else’s transaction that a leg was resolved with is never gone, and keeps nothing else from being seen as gone', async () => {
  const lost = await paymentAt(500);
  const { refund, leg } = await resolvedLeg(400);
  expect(await watchFinality(partsOn([{ finalized: 600n, status: null }]))).toEqual({ finalized: 0, gone: 1 });
  expect((await stateOf(lost)).status).toBe('pending');
  const legs = () =>
    at.db.read.selectFrom('legs').select(['status', 'finalized_at']).where('id', '=', leg).executeTakeFirstOrThrow();
  expect(await legs()).toEqual({ status: 'posted', finalized_at: null });
  const final = partsOn([{ finalized: 600n, status: { confirmationStatus: 'finalized', err: null } }]);
  expect(await watchFinality(final)).toEqual({ finalized: 1, gone: 0 });
  expect((await legs()).finalized_at).not.toBeNull();
  const told = await at.db.read.selectFrom('events').select('kind').where('object_id', '=', refund).execute();
  expect(told.map(one => one.kind)).toContain('refund.finalized');
});
