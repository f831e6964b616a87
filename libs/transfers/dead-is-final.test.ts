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

/** A piece of the story: something happens to the nodes, the bytes may be sent again, time passes, Ebb looks. */
interface Turn {
  fault: Record<string, unknown> | 'heal';
  send: boolean;
  slots: number;
  look: 'prove' | 'follow';
  providers: 'main' | 'both';
}

interface Story {
  /** What becomes of the bytes that are sent; null: they land. */
  landing: Record<string, unknown> | null;
  send: boolean;
  slots: number;
  /** Slots pass without blocks, which lets nothing expire. */
  skipped: boolean;
  turns: Turn[];
}

const often = <T>(common: T, rare: T) =>
  fc.oneof({ weight: 7, arbitrary: fc.constant(common) }, { weight: 3, arbitrary: fc.constant(rare) });
const node = often('main', 'lagging');
const times = fc.integer({ min: 1, max: 4 });
/** Some stay within a transaction's life, some pass it. */
const slots = fc.oneof(fc.integer({ min: 1, max: 8 }), fc.integer({ min: 20, max: 160 }), fc.integer({ min: 190, max: 300 }));

const landing = fc
  .constantFrom(
    { kind: 'never_land' },
    { kind: 'gone', seen: 'processed' },
    { kind: 'gone', seen: 'confirmed' },
    { kind: 'error_then_success' },
    { kind: 'fail_on_chain' },
    { kind: 'accept_lose_answer' },
  )
  .chain(body => times.map(n => ({ ...body, method: 'sendTransaction', times: n })));
/** How a node may be blind, or silent. A provider that has lost one transaction and no block lies: the other must be honest. */
const blindness = fc.oneof(
  fc.record({ kind: fc.constant('lag'), slots, node }),
  fc.record({ kind: fc.constant('lag'), slots, node, method: often('getSignatureStatuses', 'getBlocks') }),
  fc.record({ kind: fc.constant('gap'), from_slot: fc.constant(0), to_slot: fc.constant(1_000_000_000), node }),
  fc.record({ kind: fc.constant('forget_statuses'), node }),
  fc.record({ kind: fc.constant('forget_statuses'), history: fc.constant(true), node: fc.constant('lagging') }),
  fc.record({
    kind: fc.constantFrom('error_before_accept', 'rate_limit', 'unavailable', 'reset_mid_body'),
    method: fc.constantFrom('getEpochInfo', 'getSignatureStatuses', 'getBlocks', 'getTransaction', 'sendTransaction'),
    node,
    times,
  }),
);
const turn: fc.Arbitrary<Turn> = fc.record({
  fault: fc.oneof({ weight: 5, arbitrary: blindness }, { weight: 1, arbitrary: fc.constant('heal' as const) }),
  send: often(false, true),
  slots,
  look: often<Turn['look']>('prove', 'follow'),
  providers: often<Turn['providers']>('main', 'both'),
});
const story: fc.Arbitrary<Story> = fc.record({
  landing: fc.option(landing, { freq: 2 }),
  send: often(true, false),
  slots,
  skipped: fc.integer({ min: 0, max: 9 }).map(n => n === 9),
  turns: fc.array(turn, { minLength: 1, maxLength: 4 }),
});

/** Its answer may be lost, as anyone's. */
const send = (tx: Subject) => lab.lab.send(tx.built).catch(() => null);

/** Plays one turn; true where Ebb said "dead". */
async function play({ fault, send: again, slots, look, providers }: Turn, tx: Subject): Promise<boolean> {
  if (fault === 'heal') await lab.heal();
  else await lab.fault(fault);
  if (again) await send(tx);
  await lab.lab.jump(slots);
  if (look === 'follow') return (await follow(lab[providers], inFlight(tx), STEPS, watchFor(15))).kind === 'dead';
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
    fc.asyncProperty(story, async ({ landing, turns, ...first }) => {
      await lab.heal();
      const tx = await lab.stored();
      if (landing) await lab.fault(landing);
      if (first.send) await send(tx);
      await lab.lab.jump(first.slots, first.skipped);
      let dead = false;
      for (const one of turns) dead = (await play(one, tx)) || dead;

      // The world is whole again, and the bytes are sent once more by someone who still has them.
      await lab.heal();
      await send(tx);
      await lab.lab.jump(PAST_EXPIRY);
      const status = await lab.lab.status(tx.built, { searchTransactionHistory: true });
      const landed = status !== null && status.err === null;
      if (dead) expect(landed, 'it was called dead, and has landed').toBe(false);
      const told = await follow(lab.both, inFlight(tx), STEPS, watchFor(200));
      expect(told.kind).toBe(landed ? 'landed' : 'dead');
      seen[dead ? 'dead' : landed ? 'landed' : 'neither']++;
    }),
    { numRuns: 120, interruptAfterTimeLimit: 15_000, markInterruptAsFailure: false },
  );
  // Or the runs have shown nothing.
  expect(seen.dead).toBeGreaterThan(0);
  expect(seen.landed).toBeGreaterThan(0);
}, 60_000);
