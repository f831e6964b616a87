import { expect, test } from 'vitest';
import { rentPaid } from './rent.ts';

const meta = (more: object) => ({ err: null, fee: 10_000n, ...more });

test('rent is what the fee payer paid above the network fee', () => {
  expect(rentPaid(meta({ preBalances: [5_000_000n, 0n], postBalances: [2_950_720n, 2_039_280n] }))).toBe(2_039_280n);
  expect(rentPaid(meta({ preBalances: [5_000_000], postBalances: [4_990_000] }))).toBe(0n);
});

test.each([
  ['no meta data', null],
  ['no balances', meta({})],
  ['null for them', meta({ preBalances: null, postBalances: null })],
  ['none of them', meta({ preBalances: [], postBalances: [] })],
  ['those before only', meta({ preBalances: [5n] })],
  ['more afterwards than a fee leaves', meta({ preBalances: [5_000n], postBalances: [6_000n] })],
])('an answer with %s says nothing: unknown, not zero', (_, answer) => {
  expect(rentPaid(answer)).toBeNull();
});
