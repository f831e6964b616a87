import { expect, test } from 'vitest';
import { type Step, stepsOf, takeSteps } from './order.ts';

async function orderOf(steps: Step[]): Promise<Step[]> {
  const done: Step[] = [];
  await takeSteps(steps, async step => {
    await new Promise(resolve => setImmediate(resolve));
    done.push(step);
  });
  return done;
}

test('every part starts after what it needs, and once', async () => {
  const done = await orderOf(
    stepsOf({ parts: ['worker', 'worker-2', 'api', 'facilitator', 'relay', 'temporal', 'localnet', 'postgres'] }, {}),
  );
  const at = (step: Step) => done.indexOf(step);
  expect(new Set(done).size).toBe(10);
  expect(done).toHaveLength(10);
  expect(at('migrate')).toBeGreaterThan(at('postgres'));
  expect(at('funds')).toBeGreaterThan(at('localnet'));
  expect(at('facilitator')).toBeGreaterThan(Math.max(at('funds'), at('migrate')));
  for (const step of ['api', 'worker', 'worker-2'] as const) {
    expect(at(step)).toBeGreaterThan(Math.max(at('migrate'), at('temporal'), at('localnet')));
  }
});

test('what somebody gave is not started, and the database that was given is migrated', () => {
  const given = { DATABASE_URL: 'postgres://a', TEMPORAL_ADDRESS: 'b:7233', SOLANA_DEVNET_RPC_URL: 'http://c' };
  expect(stepsOf({}, given)).toEqual(['facilitator', 'api', 'relay', 'worker', 'migrate']);
  expect(stepsOf({}, { EBB_FACILITATOR_DEVNET_URL: 'http://d' })).not.toContain('facilitator');
});

test('without a program of Ebb’s own nothing is migrated, unless asked for', () => {
  expect(stepsOf({ parts: ['postgres'] }, {})).toEqual(['postgres']);
  expect(stepsOf({ parts: ['postgres'], migrate: true }, {})).toEqual(['postgres', 'migrate']);
});

test('a step that fails fails the start, and nothing that needs it is begun', async () => {
  const begun: Step[] = [];
  const start = takeSteps(['postgres', 'migrate', 'relay'], async step => {
    begun.push(step);
    if (step === 'migrate') throw new Error('the schema is at fault');
  });
  await expect(start).rejects.toThrow('the schema is at fault');
  expect(begun).toEqual(['postgres', 'migrate']);
});
