import { generateKeyPairSigner } from '@solana/kit';
import { describe, expect, test } from 'vitest';
import { expectProblem, expectShape } from '../testing/expect.ts';
import { useApi } from '../testing/use-api.ts';
import { Agent, AgentList } from './schemas.ts';

const under = useApi();
const newMint = async () => (await generateKeyPairSigner()).address;
const wanted = async (over: object = {}) => ({ mint: await newMint(), label: 'Tagger', treasury: { kind: 'managed' }, ...over });

describe('POST /v1/agents', () => {
  test('201: the agent at once, its treasury opening, and a promise to open it', async () => {
    const body = await wanted();
    const answer = await under.ask('POST', '/v1/agents', { body });
    expectShape(answer, 201, Agent);
    expect(answer.body).toMatchObject({ mint: body.mint, network: 'solana-devnet', label: 'Tagger' });
    expect(answer.body.treasury).toMatchObject({ kind: 'managed', status: 'opening' });
    expect(answer.body.treasury.accounts.map((account: { currency: string }) => account.currency).sort()).toEqual([
      'USDC',
      'USDG',
      'USDT',
    ]);
    const line = await under.db.read
      .selectFrom('outbox')
      .selectAll()
      .where('workflow_id', '=', `treasury:${answer.body.treasury.id}`)
      .execute();
    expect(line).toMatchObject([{ kind: 'start', workflow_type: 'openTreasury' }]);
  });

  test('the same key and body gives the first answer again; another body is 409', async () => {
    const body = await wanted();
    const headers = { 'idempotency-key': 'agent-1' };
    const first = await under.ask('POST', '/v1/agents', { headers, body });
    const again = await under.ask('POST', '/v1/agents', {
      headers,
      body: { treasury: body.treasury, label: body.label, mint: body.mint },
    });
    expect(again.headers['idempotent-replayed']).toBe('true');
    expect(first.headers['idempotent-replayed']).toBeUndefined();
    expect([again.status, again.body]).toEqual([201, first.body]);
    expectProblem(await under.ask('POST', '/v1/agents', { headers, body: await wanted() }), 409, 'idempotency_body_mismatch');
  });

  test('a key is of its account and route: another account’s same key is its own', async () => {
    const headers = { 'idempotency-key': 'agent-1' };
    const answer = await under.ask('POST', '/v1/agents', {
      key: await under.mint({ account: 'other' }),
      headers,
      body: await wanted(),
    });
    expect(answer.status).toBe(201);
    expect(answer.headers['idempotent-replayed']).toBeUndefined();
  });

  test('409: registered already; another account may register the same mint', async () => {
    const body = await wanted();
    await under.ask('POST', '/v1/agents', { body });
    expectProblem(await under.ask('POST', '/v1/agents', { body }), 409, 'agent_already_registered');
    const other = await under.ask('POST', '/v1/agents', { key: await under.mint({ account: 'other' }), body });
    expect(other.status).toBe(201);
  });

  test('422: a treasury whose money this build could not give back', async () => {
    for (const kind of ['self', 'delegated']) {
      expectProblem(
        await under.ask('POST', '/v1/agents', { body: await wanted({ treasury: { kind } }) }),
        422,
        'treasury_kind_unsupported',
      );
    }
  });

  test('400: no address, no label, a header that is none', async () => {
    const answer = await under.ask('POST', '/v1/agents', { body: await wanted({ mint: 'not-an-address', label: '' }) });
    expectProblem(answer, 400, 'invalid_request');
    expect(answer.body.errors.map((fault: { pointer: string }) => fault.pointer)).toEqual(['/mint', '/label']);
    const headers = { 'idempotency-key': 'x'.repeat(65) };
    expectProblem(await under.ask('POST', '/v1/agents', { headers, body: await wanted() }), 400, 'invalid_request');
  });

  test('401 and 403', async () => {
    expectProblem(await under.ask('POST', '/v1/agents', { key: null, body: {} }), 401, 'key_missing');
    const key = await under.mint({ scopes: ['agents:read'] });
    expectProblem(await under.ask('POST', '/v1/agents', { key, body: {} }), 403, 'scope_missing');
  });

  test('the caller’s reference is on the event it causes, the body’s before the header’s', async () => {
    const headers = { 'x-ebb-client-reference': 'from header' };
    const references = [];
    for (const over of [{}, { client_reference: 'from body' }]) {
      const { body } = await under.ask('POST', '/v1/agents', { headers, body: await wanted(over) });
      const event = await under.db.read.selectFrom('events').selectAll().where('agent', '=', body.mint).executeTakeFirstOrThrow();
      references.push(event.client_reference);
      expect(event).toMatchObject({ kind: 'agent.registered', actor_type: 'api_key' });
    }
    expect(references).toEqual(['from header', 'from body']);
  });
});

describe('GET /v1/agents/{mint}', () => {
  test('200 for one’s own, 404 for someone else’s and for nobody’s', async () => {
    const body = await wanted();
    await under.ask('POST', '/v1/agents', { body });
    expectShape(await under.ask('GET', `/v1/agents/${body.mint}`), 200, Agent);
    const stranger = await under.mint({ account: 'stranger' });
    expectProblem(await under.ask('GET', `/v1/agents/${body.mint}`, { key: stranger }), 404, 'agent_not_found');
    expectProblem(await under.ask('GET', `/v1/agents/${await newMint()}`), 404, 'agent_not_found');
  });
});

describe('GET /v1/agents', () => {
  test('pages of any size show every agent once, newest first, however close in time', async () => {
    const key = await under.mint({ account: 'many' });
    const mints: string[] = [];
    for (let i = 0; i < 7; i++) {
      const body = await wanted();
      await under.ask('POST', '/v1/agents', { key, body });
      mints.unshift(body.mint);
    }
    // All in one millisecond, three of them in one microsecond.
    await under.db.read
      .updateTable('agents')
      .set(({ fn, val }) => ({ created_at: fn('to_timestamp', [val(1_700_000_000.000001)]) }))
      .where('mint', 'in', mints.slice(2, 5))
      .execute();
    const whole = (await under.ask('GET', '/v1/agents?limit=200', { key })).body.items.map(
      (agent: { mint: string }) => agent.mint,
    );
    expect([...whole].sort()).toEqual([...mints].sort());
    for (const limit of [1, 2, 3, 7]) {
      const seen: string[] = [];
      let cursor = '';
      do {
        const page = await under.ask('GET', `/v1/agents?limit=${limit}${cursor}`, { key });
        expectShape(page, 200, AgentList);
        expect(page.body.items.length).toBeLessThanOrEqual(limit);
        seen.push(...page.body.items.map((agent: { mint: string }) => agent.mint));
        cursor = page.body.next_cursor === null ? '' : `&cursor=${page.body.next_cursor}`;
      } while (cursor !== '');
      expect(seen).toEqual(whole);
    }
  });

  test('400: a limit out of range, a made-up cursor, an unknown or repeated parameter, a time that is none', async () => {
    for (const query of [
      'limit=0',
      'limit=201',
      'limit=x',
      'cursor=abc',
      'cursor=eyJhIjoxfQ',
      'colour=red',
      'limit=1&limit=2',
      'created[gte]=today',
    ]) {
      expectProblem(await under.ask('GET', `/v1/agents?${query}`), 400, 'invalid_request');
    }
  });

  test('only those created in the span asked for', async () => {
    const key = await under.mint({ account: 'spans' });
    await under.ask('POST', '/v1/agents', { key, body: await wanted() });
    const count = async (query: string) => (await under.ask('GET', `/v1/agents?${query}`, { key })).body.items.length;
    expect(await count('created[gte]=2020-01-01T00:00:00Z')).toBe(1);
    expect(await count('created[lt]=2020-01-01T00:00:00Z')).toBe(0);
    expect(await count('created[gte]=2020-01-01T00:00:00%2B01:00&created[lt]=2999-01-01T00:00:00.000Z')).toBe(1);
  });
});
