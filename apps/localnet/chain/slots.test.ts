import { expect, test } from 'vitest';
import { Slots } from './slots.ts';

test('a blockhash that was given out before a restart is known after it, whatever was asked for first', () => {
  const given = new Slots('seed', []).hash(1_000);
  const restarted = new Slots('seed', []);
  restarted.hash(1_003);

  expect(restarted.heightOf(given, 1_003)).toBe(1_000);
});

test('a blockhash older than the age that counts is not looked for', () => {
  const old = new Slots('seed', []).hash(1_000);

  expect(new Slots('seed', []).heightOf(old, 1_151)).toBeUndefined();
  expect(new Slots('seed', []).heightOf(old, 1_150)).toBe(1_000);
});
