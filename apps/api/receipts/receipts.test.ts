import { beforeAll, describe, expect, test } from 'vitest';
import { receiptHash } from '#libs/receipts/hash';
import { USDC } from '#test/support/books';
import { expectProblem, expectShape } from '../testing/expect.ts';
import { type Settled, settledPayment } from '../testing/settled-payment.ts';
import { useApi } from '../testing/use-api.ts';
import { Receipt, ReceiptList, Verdict } from './schemas.ts';

const under = useApi();
const CHAIN_LENGTH = 5;
let payment: Settled;
let stranger = '';
const chain: Record<string, unknown>[] = [];

/** An earn receipt in the form that settlements write. */
function earn(nonce: number, prev: string | null): Record<string, unknown> {
  const body = {
    v: '0.1',
    kind: 'earn',
    agent: payment.mint,
    nonce,
    ts: '2026-11-01T10:00:00.000Z',
    policy_v: '0.1',
    request: { method: 'GET', url: 'http://x.test', body_hash: null },
    decision: 'allow',
    reason: null,
    price: { amount: '100000', currency: 'USDC', network: USDC.network, asset: USDC.mint },
    facilitator: null,
    tx_sig: `${payment.txSig}${nonce}`,
    payment_requirements_hash: 'a'.repeat(64),
    response: { status: 200, body_hash: `sha256:${'b'.repeat(64)}` },
    prev_receipt_hash: prev,
  };
  return { ...body, receipt_hash: receiptHash(body) };
}

beforeAll(async () => {
  payment = await settledPayment(under);
  stranger = await under.mint({ account: 'stranger' });
  const { agent_id, account_id } = await under.db.read
    .selectFrom('payments')
    .select(['agent_id', 'account_id'])
    .where('id', '=', payment.id)
    .executeTakeFirstOrThrow();
  for (let nonce = 0; nonce < CHAIN_LENGTH; nonce++) {
    const body = earn(nonce, (chain.at(-1)?.receipt_hash as string | undefined) ?? null);
    chain.push(body);
    const row = { agent_id, account_id, network: USDC.network, nonce, kind: 'earn', hash: String(body.receipt_hash) };
    await under.db.read
      .insertInto('receipts')
      .values({ ...row, body: JSON.stringify(body) })
      .execute();
  }
});

describe('GET /v1/receipts/{agent}', () => {
  test('pages show each receipt once, newest first, by nonce', async () => {
    const nonces: number[] = [];
    let cursor = '';
    do {
      const page = await under.ask('GET', `/v1/receipts/${payment.mint}?limit=2${cursor}`);
      expectShape(page, 200, ReceiptList);
      nonces.push(...page.body.items.map((receipt: { nonce: number }) => receipt.nonce));
      cursor = page.body.next_cursor === null ? '' : `&cursor=${page.body.next_cursor}`;
    } while (cursor !== '');
    expect(nonces).toEqual([4, 3, 2, 1, 0]);
  });

  test('by kind and since; a cursor of another list is 400', async () => {
    const count = async (query: string) => (await under.ask('GET', `/v1/receipts/${payment.mint}?${query}`)).body.items.length;
    expect(await count('kind=earn')).toBe(CHAIN_LENGTH);
    expect(await count('kind=refund')).toBe(0);
    expect(await count('since=2020-01-01T00:00:00Z')).toBe(CHAIN_LENGTH);
    expect(await count('since=2999-01-01T00:00:00Z')).toBe(0);
    const { next_cursor } = (await under.ask('GET', `/v1/receipts/${payment.mint}?limit=1`)).body;
    for (const path of ['payments', 'agents', 'refunds', 'payment-links']) {
      expectProblem(await under.ask('GET', `/v1/${path}?cursor=${next_cursor}`), 400, 'invalid_request');
    }
  });

  test('404 for an agent that is someone else’s or nobody’s', async () => {
    expectProblem(await under.ask('GET', `/v1/receipts/${payment.mint}`, { key: stranger }), 404, 'agent_not_found');
    expectProblem(await under.ask('GET', '/v1/receipts/nobody'), 404, 'agent_not_found');
  });
});

describe('GET /v1/receipts/by-hash/{hash}', () => {
  test('200 with what the hash is over; 404 for someone else’s', async () => {
    const path = `/v1/receipts/by-hash/${String(chain[2]?.receipt_hash)}`;
    const answer = await under.ask('GET', path);
    expectShape(answer, 200, Receipt);
    expect(answer.body).toEqual(chain[2]);
    expectProblem(await under.ask('GET', path, { key: stranger }), 404, 'receipt_not_found');
  });
});

describe('POST /v1/receipts/verify', () => {
  const verify = (body: unknown, headers: Record<string, string> = {}) =>
    under.ask('POST', '/v1/receipts/verify', { body, headers });

  test('a whole chain holds: as JSON, as JSON Lines, and as the API lists it', async () => {
    const good = { ok: true, count: CHAIN_LENGTH };
    const answer = await verify({ chain });
    expectShape(answer, 200, Verdict);
    expect(answer.body).toEqual(good);
    const lines = chain.map(receipt => JSON.stringify(receipt)).join('\n');
    for (const type of ['application/x-ndjson', 'application/jsonl; charset=utf-8']) {
      expect((await verify(lines, { 'content-type': type })).body).toEqual(good);
    }
    const { items } = (await under.ask('GET', `/v1/receipts/${payment.mint}`)).body;
    expect((await verify({ chain: items })).body).toEqual(good);
  });

  test('a changed receipt, a missing one and a line that is no JSON are named by their place', async () => {
    const changed = chain.map((receipt, i) => (i === 3 ? { ...receipt, tx_sig: 'other' } : receipt));
    expect((await verify({ chain: changed })).body).toEqual({ ok: false, nonce: 3, reason: 'receipt_hash_mismatch' });
    expect((await verify({ chain: chain.filter((_, i) => i !== 1) })).body).toMatchObject({ ok: false, nonce: 1 });
    expect((await verify(`${JSON.stringify(chain[0])}\n{`, { 'content-type': 'application/x-ndjson' })).body).toMatchObject({
      ok: false,
      reason: 'invalid_json',
    });
  });

  test('400, 415, 401', async () => {
    expectProblem(await verify({ chain: 'x' }), 400, 'invalid_request');
    expectProblem(await verify('x', { 'content-type': 'text/csv' }), 415, 'media_type_unsupported');
    expectProblem(await under.ask('POST', '/v1/receipts/verify', { key: null, body: { chain } }), 401, 'key_missing');
  });
});
