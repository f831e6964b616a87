import type { Address } from '@solana/kit';
import { expect, test } from 'vitest';
import { TestClock } from '#libs/clock/clock';
import type { FacilitatorClient, Supported } from './facilitator-client.ts';
import { feePayersOf } from './fee-payers.ts';

const feePayers = (...devnet: string[]): Supported => ({
  kind: 'supported',
  feePayers: { 'solana-devnet': devnet as Address[], 'solana-mainnet': [] },
});

function facilitator(...answers: Supported[]) {
  let asked = 0;
  const silent = () => Promise.reject(new Error('not asked for'));
  const client: FacilitatorClient = {
    url: 'http://facilitator',
    verify: silent,
    settle: silent,
    supported: async () => answers[Math.min(asked++, answers.length - 1)] ?? { kind: 'unavailable', message: 'no answer' },
  };
  const clock = new TestClock(new Date(0));
  return { payers: feePayersOf(client, clock), clock, asked: () => asked };
}

const STEP = 'api.ready.facilitator';

test('many requests ask once, and a network that is not served has none', async () => {
  const { payers, asked } = facilitator(feePayers('A'));
  expect(await Promise.all([1, 2, 3].map(() => payers.of(STEP, 'solana-devnet')))).toEqual([['A'], ['A'], ['A']]);
  expect(await payers.of(STEP, 'solana-mainnet')).toBeNull();
  expect(asked()).toBe(1);
});

test('a facilitator that never answered: nothing can be offered, and the next request asks again', async () => {
  const { payers } = facilitator({ kind: 'unavailable', message: 'down' }, feePayers('A'));
  expect(await payers.of(STEP, 'solana-devnet')).toBeNull();
  expect(await payers.of(STEP, 'solana-devnet')).toEqual(['A']);
});

test('an old answer serves while the facilitator is away', async () => {
  const { payers, clock } = facilitator(feePayers('A'), { kind: 'unavailable', message: 'down' });
  await payers.of(STEP, 'solana-devnet');
  clock.advance(3_600_000);
  expect(await payers.of(STEP, 'solana-devnet')).toEqual(['A']);
  expect(await payers.of(STEP, 'solana-devnet')).toEqual(['A']);
});

test('a new fee payer is offered first, and offers of the old one are still known', async () => {
  const { payers, clock } = facilitator(feePayers('A'), feePayers('B'));
  await payers.of(STEP, 'solana-devnet');
  clock.advance(61_000);
  await payers.of(STEP, 'solana-devnet');
  await new Promise(resolve => setImmediate(resolve));
  expect(await payers.of(STEP, 'solana-devnet')).toEqual(['B', 'A']);
});
