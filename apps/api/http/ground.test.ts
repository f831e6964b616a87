import { describe, expect, test, vi } from 'vitest';
import { useApi } from '../testing/use-api.ts';

const under = useApi();
const isProblem = (answer: Awaited<ReturnType<typeof under.ask>>, status: number, code: string) => {
  expect(answer.body).toMatchObject({ status, code, request_id: answer.headers['x-request-id'] });
  expect(answer.status).toBe(status);
  expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/);
  expect(answer.body.type).toBe(`http://localhost/docs/errors/${code}`);
};

describe('every error is a problem', () => {
  test('an unknown path is 404', async () => {
    isProblem(await under.ask('GET', '/v1/nothing'), 404, 'not_found');
  });

  test('a known path with another method is 405 and says which would do', async () => {
    const answer = await under.ask('DELETE', '/v1/agents');
    isProblem(answer, 405, 'method_not_allowed');
    expect(answer.headers.allow).toBe('GET, HEAD, POST');
    isProblem(await under.ask('PUT', '/v1/agents/abc?x=1'), 405, 'method_not_allowed');
  });

  test('a fault of ours is 500, and says nothing of what is inside', async () => {
    const inside = 'postgres://ebb:hunter2@db.internal/ebb';
    const broken = vi.spyOn(under.db, 'tx').mockRejectedValue(Object.assign(new Error(inside), { detail: inside }));
    try {
      const body = { mint: 'BcN4ToBs8jE3dbYNhYqDJqGnKPjH3zRX8gsDUDH72JQp', label: 'Shop', treasury: { kind: 'managed' } };
      const answer = await under.ask('POST', '/v1/agents', { body });
      isProblem(answer, 500, 'internal');
      expect(broken).toHaveBeenCalled();
      expect(answer.text).not.toMatch(/hunter2|postgres|\bat |\.ts:/);
    } finally {
      broken.mockRestore();
    }
  });

  test('a path that is no URL is 400, one that is too long 414', async () => {
    isProblem(await under.ask('GET', '/v1/agents/%zz'), 400, 'invalid_request');
    isProblem(await under.ask('GET', `/v1/agents/${'x'.repeat(300)}`), 414, 'uri_too_long');
  });

  test('broken JSON, other types, too much, and what is not UTF-8 are refused before a route sees them', async () => {
    const json = { 'content-type': 'application/json' };
    isProblem(await under.ask('POST', '/v1/agents', { headers: json, body: '{"mint":' }), 400, 'invalid_request');
    isProblem(await under.ask('POST', '/v1/agents', { headers: json, body: '{"__proto__":{}}' }), 400, 'invalid_request');
    isProblem(
      await under.ask('POST', '/v1/agents', { headers: { 'content-type': 'text/plain' }, body: 'x' }),
      415,
      'media_type_unsupported',
    );
    isProblem(
      await under.ask('POST', '/v1/agents', { headers: { 'content-type': '' }, body: '{}' }),
      415,
      'media_type_unsupported',
    );
    isProblem(await under.ask('POST', '/v1/agents', { body: { label: 'x'.repeat(2_000_000) } }), 413, 'body_too_large');
    const latin = await under.api.app.inject({
      method: 'POST',
      url: '/v1/agents',
      headers: { ...json, authorization: `Bearer ${under.key}` },
      payload: Buffer.from([0x22, 0xe9, 0x22]),
    });
    expect(latin.statusCode).toBe(400);
  });

  test('pointers lead to each fault: missing, wrong, unknown, nested, unstorable', async () => {
    const body = { mint: 7, treasury: { kind: 'gold', 'a/b': 1 }, extra: true };
    const answer = await under.ask('POST', '/v1/agents', { body });
    isProblem(answer, 400, 'invalid_request');
    const faults = new Map(answer.body.errors.map((fault: { pointer: string; code: string }) => [fault.pointer, fault.code]));
    expect(Object.fromEntries(faults)).toEqual({
      '/mint': 'invalid_type',
      '/label': 'required',
      '/treasury/kind': 'invalid_value',
      '/treasury/a~1b': 'unknown_field',
      '/extra': 'unknown_field',
    });
    for (const label of ['a\u0000b', '\ud800']) {
      const unstorable = await under.ask('POST', '/v1/agents', { body: { label } });
      expect(unstorable.body.errors).toMatchObject([{ pointer: '/label', code: 'unstorable' }]);
    }
    const infinite = await under.ask('POST', '/v1/agents', {
      headers: { 'content-type': 'application/json' },
      body: '{"label":1e999}',
    });
    expect(infinite.body.errors).toMatchObject([{ pointer: '/label', code: 'unstorable' }]);
  });

  test('a body that is no object, or none at all, is 400', async () => {
    for (const body of ['[]', '"x"', 'null', '']) {
      isProblem(
        await under.ask('POST', '/v1/agents', { headers: { 'content-type': 'application/json' }, body }),
        400,
        'invalid_request',
      );
    }
    isProblem(await under.ask('POST', '/v1/agents'), 400, 'invalid_request');
  });

  test('an id with a NUL in it is 400: PostgreSQL could not even be asked for it', async () => {
    isProblem(await under.ask('GET', '/v1/agents/%00'), 400, 'invalid_request');
  });

  test('a problem leads to its page', async () => {
    const answer = await under.ask('GET', '/docs/errors/gone', { key: null });
    expect(answer.status).toBe(200);
    expect(answer.text).toContain('410');
    isProblem(await under.ask('GET', '/docs/errors/nothing', { key: null }), 404, 'not_found');
  });
});

describe('who may', () => {
  const list = (key: string | null, headers = {}) => under.ask('GET', '/v1/agents', { key, headers });

  test('no key, no bearer, a broken key and an unknown one are 401', async () => {
    isProblem(await list(null), 401, 'key_missing');
    expect((await list(null)).headers['www-authenticate']).toBe('Bearer');
    isProblem(await list(null, { authorization: 'Basic eDp5' }), 401, 'key_invalid');
    isProblem(await list('ebb_test_nonsense'), 401, 'key_invalid');
    const changed = under.key.slice(0, -1) + (under.key.endsWith('a') ? 'b' : 'a');
    isProblem(await list(changed), 401, 'key_invalid');
  });

  test('a broken body from a stranger is 401: nothing is read for them', async () => {
    isProblem(
      await under.ask('POST', '/v1/agents', { key: null, headers: { 'content-type': 'application/json' }, body: '{' }),
      401,
      'key_missing',
    );
  });

  test('a key that was revoked is 401 at once', async () => {
    const key = await under.mint({ account: 'revoker' });
    expect((await list(key)).status).toBe(200);
    await under.db.read.updateTable('api_keys').set({ revoked_at: new Date() }).where('label', '=', 'revoker').execute();
    isProblem(await list(key), 401, 'key_invalid');
  });

  test('a key past its time is 401', async () => {
    const key = await under.mint({ expiresAt: new Date(under.clock.now().getTime() + 60_000) });
    expect((await list(key)).status).toBe(200);
    under.clock.advance(60_000);
    isProblem(await list(key), 401, 'key_expired');
  });

  test('a caller who names the other network is told before anything is done there', async () => {
    isProblem(await under.ask('GET', '/v1/agents?network=solana-mainnet'), 401, 'key_wrong_network');
    isProblem(await under.ask('GET', '/v1/agents?network=mainnet'), 401, 'key_wrong_network');
  });

  test('a network without an RPC is 503', async () => {
    isProblem(await list(await under.mint({ network: 'solana-mainnet' })), 503, 'network_not_configured');
  });

  test('a scope that the key lacks is 403 and named', async () => {
    const answer = await list(await under.mint({ scopes: ['payments:read'] }));
    isProblem(answer, 403, 'scope_missing');
    expect(answer.body.scope).toBe('agents:read');
  });

  test('a suspended account is 403', async () => {
    const key = await under.mint({ account: 'suspended' });
    await under.db.read.updateTable('accounts').set({ status: 'suspended' }).where('name', '=', 'suspended').execute();
    isProblem(await list(key), 403, 'account_not_active');
  });
});

describe('a row per keyed request', () => {
  const rows = (key: string) =>
    under.db.read
      .selectFrom('api_requests')
      .innerJoin('api_keys', 'api_keys.id', 'api_requests.api_key_id')
      .select(['api_requests.id', 'method', 'path', 'status', 'api_requests.network'])
      .where('last_four', '=', key.slice(-4))
      .orderBy('ts')
      .execute();

  test('with its template, status and request id, refusals included; none for strangers', async () => {
    const key = await under.mint({ account: 'counted' });
    const first = await under.ask('GET', '/v1/agents', { key });
    await under.ask('GET', '/v1/agents/nobody', { key });
    await under.ask('POST', '/v1/agents', { key, headers: { 'content-type': 'application/json' }, body: '{' });
    await under.ask('GET', '/healthz', { key });
    expect(await rows(key)).toEqual([
      { id: first.headers['x-request-id'], method: 'GET', path: '/v1/agents', status: 200, network: 'solana-devnet' },
      expect.objectContaining({ path: '/v1/agents/{mint}', status: 404 }),
      expect.objectContaining({ method: 'POST', path: '/v1/agents', status: 400 }),
    ]);
  });

  test('an answer whose row cannot be written does not leave: 503 instead', async () => {
    const key = await under.mint({ account: 'uncounted' });
    const { parts } = under;
    const { steps } = parts;
    const gone = Object.assign(new Error('gone'), { code: 'ECONNREFUSED' });
    parts.steps = (step, effect) => (step === 'api.request.log' ? Promise.reject(gone) : steps(step, effect));
    try {
      isProblem(await under.ask('GET', '/v1/agents', { key }), 503, 'database_unavailable');
    } finally {
      parts.steps = steps;
    }
    expect(await rows(key)).toEqual([]);
  });
});

test('health needs nothing; readiness says what is missing', async () => {
  expect((await under.ask('GET', '/healthz', { key: null })).body).toEqual({ status: 'ok' });
  const answer = await under.ask('GET', '/readyz', { key: null });
  isProblem(answer, 503, 'not_ready');
  expect(answer.body.missing).toEqual([
    { part: 'temporal', reason: 'TEMPORAL_ADDRESS is not set' },
    { part: 'chain solana-devnet', reason: 'not reachable' },
    { part: 'facilitator solana-devnet', reason: 'no facilitator is configured' },
  ]);
});

test('the reference is served from here', async () => {
  const document = await under.ask('GET', '/openapi.json', { key: null });
  expect(document.body).toMatchObject({ openapi: '3.1.0' });
  const page = await under.ask('GET', '/api/reference', { key: null });
  expect(page.status).toBe(200);
  expect(page.text).not.toMatch(/(src|href)="https?:/);
  expect((await under.ask('GET', '/api/reference/swagger-ui-bundle.js', { key: null })).status).toBe(200);
});
