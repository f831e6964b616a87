import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { expectProblem } from '../testing/expect.ts';
import { useApi } from '../testing/use-api.ts';

const under = useApi({ EBB_RATE_READS: '3', EBB_RATE_WRITES: '2', EBB_RATE_WINDOW_S: '10' });
const START = new Date('2026-11-21T12:00:00.000Z').getTime();
let key = '';

// The limiter counts by Date: only that stands still, until it is moved.
beforeAll(() => void vi.useFakeTimers({ toFake: ['Date'], now: START }));
beforeEach(async () => {
  key = await under.mint();
});
afterAll(() => void vi.useRealTimers());

const later = (by_ms: number) => vi.setSystemTime(Date.now() + by_ms);
const read = () => under.ask('GET', '/v1/agents', { key });
const write = () => under.ask('POST', '/v1/agents', { key, body: {} });

test('every answer says what is left, and of what', async () => {
  const first = await read();
  expect(first.headers).toMatchObject({ 'ratelimit-policy': '"reads";q=3;w=10', ratelimit: '"reads";r=2;t=10' });
  later(3_500);
  expect((await read()).headers.ratelimit).toBe('"reads";r=1;t=7');
});

test('429 past the quota, with the time to wait; good again in the next window', async () => {
  for (let n = 0; n < 3; n++) expect((await read()).status).toBe(200);
  later(500);
  const over = await read();
  expectProblem(over, 429, 'rate_limited');
  expect(over.headers).toMatchObject({ 'retry-after': '10', ratelimit: '"reads";r=0;t=10' });
  expect(over.body['violated-policies']).toEqual(['reads']);
  later(9_499);
  expect((await read()).headers['retry-after']).toBe('1');
  later(1);
  expect((await read()).headers.ratelimit).toBe('"reads";r=2;t=10');
});

test('reads and writes are counted apart, and each key by itself; what only looks is a read, POST or not', async () => {
  for (let n = 0; n < 3; n++) await under.ask('POST', '/v1/seller/parse-price', { key, body: { price: '$1' } });
  expectProblem(await read(), 429, 'rate_limited');
  expect((await write()).headers.ratelimit).toBe('"writes";r=1;t=10');
  expect((await under.ask('GET', '/v1/agents')).status).toBe(200);
});

test('a refused request counts, does nothing, and stands in the usage', async () => {
  await write();
  await write();
  const body = { mint: 'BcN4ToBs8jE3dbYNhYqDJqGnKPjH3zRX8gsDUDH72JQp', label: 'Agent', treasury: { kind: 'managed' } };
  const over = await under.ask('POST', '/v1/agents', { key, body });
  expectProblem(over, 429, 'rate_limited');
  expect(await under.db.read.selectFrom('agents').select('id').execute()).toEqual([]);
  const row = under.db.read.selectFrom('api_requests').select('status').where('id', '=', String(over.headers['x-request-id']));
  expect(await row.execute()).toEqual([{ status: 429 }]);
});

test('strangers have no quota to use up', async () => {
  const unknown = await under.ask('GET', '/v1/agents', { key: 'ebb_test_nonsense' });
  expect([unknown.status, unknown.headers.ratelimit]).toEqual([401, undefined]);
});
