import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { readFlags } from '#apps/localnet/flags';
import { startLocalnet } from '#apps/localnet/localnet';
import type { Exchange } from './asker.ts';
import { compare, type Difference } from './compare.ts';
import { covers, listed } from './differences.ts';
import { play } from './scenario.ts';

const recording = JSON.parse(readFileSync(join(import.meta.dirname, 'agave-3.1.10.json'), 'utf8')) as Exchange[];
const lines = listed(readFileSync(join(import.meta.dirname, '../../../docs/localnet-differences.md'), 'utf8'));
// Slots long enough that what is too early for finality stays so on a busy machine; finality itself comes by jumps.
let found: Difference[];

beforeAll(async () => {
  const localnet = await startLocalnet(readFlags(['--slot-ms', '200']));
  try {
    const passage = { expire: async () => localnet.chain.jump(160), finalize: async () => localnet.chain.jump(40) };
    found = compare(recording, await play(localnet.urls.rpc, passage));
  } finally {
    await localnet.close();
  }
}, 120_000);

test('the local chain answers as the recorded validator did, but for what is listed', () => {
  expect(recording.length).toBeGreaterThan(250);
  expect(found.filter(difference => !lines.some(line => covers(line, difference)))).toEqual([]);
});

test('every listed difference is still one, and has its reason', () => {
  expect(lines.length).toBeGreaterThan(0);
  expect(lines.filter(line => line.why === '' || !found.some(difference => covers(line, difference)))).toEqual([]);
});
