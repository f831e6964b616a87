import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ChainUnavailable } from '#libs/chain/chain';
import { DeathLab, inFlight, PAST_EXPIRY, type Subject, watchFor } from '#test/support/death-lab';
import { type FollowSteps, follow } from './follow.ts';

const STEPS: FollowSteps = { send: 'refund.send', status: 'refund.status', landed: 'refund.landed', prove: 'refund.prove' };

let lab: DeathLab;
beforeAll(async () => {
  lab = await DeathLab.start();
});
afterAll(() => lab.close());

/** A piece of the story: something happens to the nodes, the bytes may be sent, time passes, Ebb looks. */
interface Turn {
  fault: Record<string, unknown> | 'heal' | null;
  lag: number | null;
  send: boolean;
  jump: { slots: number; skipped: boolean };
  look: 'prove' | 'follow' | null;
  providers: 'main' | 'both';
}

const node = fc.constantFrom('main', 'lagging');
const asked = fc.constantFrom('getEpochInfo', 'getSignatureStatuses', 'getBlocks', 'getTransaction', 'sendTransaction');
const times = fc.integer({ min: 1, max: 4 });
/** What becomes of the bytes that are sent next. */
const landing = fc
  .oneof(
    fc.record({ kind: fc.constant('never_land') }),
    fc.record({ kind: fc.constant('gone'), seen: fc.constantFrom('processed', 'confirmed') }),
    fc.record({ kind: fc.constant('error_then_success') }),
    fc.record({ kind: fc.constant('fail_on_chain') }),
    fc.record({ kind: fc.constant('accept_lose_answer') }),
  )
  .chain(body => times.map(n => ({ ...body, method: 'sendTransaction', times: n })));
/** How a node may be blind, or silent. A provider that has lost one transaction and no block lies: the other one must be honest. */
const blindness = fc.oneof(
  fc.record({ kind: fc.constant('lag'), slots: fc.integer({ min: 1, max: 300 }), node, method: asked }),
  fc.record({ kind: fc.constant('lag'), slots: fc.integer({ min: 1, max: 300 }), node }),
  fc.record({ kind: fc.constant('gap'), from_slot: fc.constant(0), to_slot: fc.constant(1_000_000_000), node }),
  fc.record({ kind: fc.constant('forget_statuses'), node }),
  fc.record({ kind: fc.constant('forget_statuses'), history: fc.constant(true), node: fc.constant('lagging') }),
  fc.record({
    kind: fc.constantFrom('error_before_accept', 'rate_limit', 'unavailable', 'reset_mid_body'),
    node,
    method: asked,
    times,
  }),
);
const turn: fc.Arbitrary<Turn> = fc.record({
  fault: fc.oneof(
    { weight: 3, arbitrary: blindness },
    { weight: 2, arbitrary: landing },
    { weight: 1, arbitrary: fc.constantFrom('heal' as const, null) },
  ),
  lag: fc.option(fc.integer({ min: 0, max: 300 }), { freq: 4 }),
  send: fc.boolean(),
  jump: fc.record({
    slots: fc.oneof(fc.integer({ min: 1, max: 8 }), fc.integer({ min: 20, max: 160 }), fc.integer({ min: 190, max: 300 })),
    skipped: fc.integer({ min: 0, max: 9 }).map(n => n === 9),
  }),
  look: fc.constantFrom('prove' as const, 'follow' as const, null),
  providers: fc.constantFrom('main' as const, 'both' as const),
});

/** Plays one turn; true where Ebb said "dead". */
async function play({ fault, lag, send, jump, look, providers }: Turn, tx: Subject): Promise<boolean> {
  if (fault === 'heal') await lab.heal();
  else if (fault) await lab.fault(fault);
  if (lag !== null) await lab.lab.admin('POST /lag', { slots: lag });
  // Its answer may be lost, as anyone's.
  if (send) await lab.lab.send(tx.built).catch(() => null);
  await lab.lab.jump(jump.slots, jump.skipped);
  if (look === 'follow') return (await follow(lab[providers], inFlight(tx), STEPS, watchFor(15))).kind === 'dead';
  if (look === null) return false;
  try {
    return (await lab.prove(tx, lab[providers])).kind === 'dead';
  } catch (error) {
    if (error instanceof ChainUnavailable) return false;
    throw error;
  }
}

test('I2: whatever the chain does, a transaction that Ebb has called dead never lands, and one that can be told is told', async () => {
  const seen = { dead: 0, landed: 0, neither: 0 };
  await fc.assert(
    fc.asyncProperty(fc.array(turn, { minLength: 1, maxLength: 6 }), async turns => {
      await lab.heal();
      const tx = await lab.stored();
      let dead = false;
      for (const one of turns) dead = (await play(one, tx)) || dead;

      // The world is whole again, and the bytes are sent once more by someone who still has them.
      await lab.heal();
      await lab.lab.send(tx.built);
      await lab.lab.jump(PAST_EXPIRY);
      const status = await lab.lab.status(tx.built, { searchTransactionHistory: true });
      const landed = status !== null && status.err === null;
      if (dead) expect(landed, 'it was called dead, and has landed').toBe(false);
      const told = await follow(lab.both, inFlight(tx), STEPS, watchFor(200));
      expect(told.kind).toBe(landed ? 'landed' : 'dead');
      seen[dead ? 'dead' : landed ? 'landed' : 'neither']++;
    }),
    { numRuns: 150, interruptAfterTimeLimit: 40_000, markInterruptAsFailure: false },
  );
  // Or the runs have shown nothing.
  console.log(seen);
  expect(seen.dead).toBeGreaterThan(0);
  expect(seen.landed).toBeGreaterThan(0);
}, 60_000);
