import { beforeAll, describe, test } from 'vitest';
import { newKeyText } from '#libs/accounts/key-format';
import { SCOPES } from '#libs/accounts/scopes';
import { type Attempt, BAD, expectRefused } from '../testing/bad-input/refused.ts';
import { type Route, takesKey, urlOf } from '../testing/bad-input/routes.ts';
import { entryOf, LISTED } from '../testing/bad-input/table.ts';
import { useWorld } from '../testing/bad-input/world.ts';

const world = useWorld();
const ROUTES = LISTED.map(route => [route.name, route] as const);
const keys = { expired: '', revoked: '', suspended: '', scopeless: '', mainnet: '' };

beforeAll(async () => {
  const { under } = world;
  keys.expired = await under.mint({ expiresAt: new Date(under.clock.now().getTime() - 1) });
  keys.revoked = await under.mint({ account: 'revoked' });
  await under.db.read.updateTable('api_keys').set({ revoked_at: new Date() }).where('label', '=', 'revoked').execute();
  keys.suspended = await under.mint({ account: 'suspended' });
  await under.db.read.updateTable('accounts').set({ status: 'suspended' }).where('name', '=', 'suspended').execute();
  keys.mainnet = await under.mint({ network: 'solana-mainnet' });
});

/** The request as it should be, but for the key. */
function sound(route: Route): { url: string; body?: unknown } {
  const { body, params } = entryOf(route.name);
  const url = urlOf(route, param => params?.[param]?.of(world.mine) ?? '');
  return { url, ...(body === undefined ? {} : { body: body(world.mine) }) };
}

function withKey(route: Route, what: string, authorization: string | null, wanted: Attempt['wanted'], query = ''): Attempt {
  const { url, body } = sound(route);
  const headers = authorization === null ? {} : { authorization };
  return { what, url: `${url}${query}`, asked: { key: null, headers, ...(body === undefined ? {} : { body }) }, wanted };
}

describe('without a good key nothing is read', () => {
  test.each(ROUTES)('%s', async (_, route) => {
    const invalid = { status: 401, code: 'key_invalid' } as const;
    const good = world.under.key;
    const flipped = `${good.slice(0, -1)}${good.endsWith('a') ? 'b' : 'a'}`;
    const texts = {
      empty: '',
      'no scheme': good,
      Basic: `Basic ${Buffer.from(`${good}:`).toString('base64')}`,
      'no key': 'Bearer',
      blank: 'Bearer  ',
      'two keys': `Bearer ${good}, Bearer ${good}`,
      'a tail': `Bearer ${good}x`,
      'another case': `Bearer ${good.toUpperCase()}`,
      'letters of no key': `Bearer ebb_test_${'\u00e9'.repeat(36)}`,
      long: `Bearer ebb_test_${'a'.repeat(10_000)}`,
      'wrong checksum': `Bearer ${flipped}`,
      'prefix of the other network': `Bearer ${good.replace('ebb_test_', 'ebb_live_')}`,
      unknown: `Bearer ${newKeyText('solana-devnet')}`,
      'unknown on mainnet': `Bearer ${newKeyText('solana-mainnet')}`,
      revoked: `Bearer ${keys.revoked}`,
      'as SQL': "Bearer ' or true --",
    };
    await expectRefused(world, route, [
      withKey(route, 'none', null, { status: 401, code: 'key_missing' }),
      ...Object.entries(texts).map(([what, text]) => withKey(route, what, text, invalid)),
      withKey(route, 'expired', `Bearer ${keys.expired}`, { status: 401, code: 'key_expired' }),
      withKey(route, 'suspended', `Bearer ${keys.suspended}`, { status: 403, code: 'account_not_active' }),
      withKey(
        route,
        'for the other network',
        `Bearer ${good}`,
        { status: 401, code: 'key_wrong_network' },
        '?network=solana-mainnet',
      ),
      withKey(
        route,
        'for this one, called the other',
        `Bearer ${keys.mainnet}`,
        { status: 401, code: 'key_wrong_network' },
        '?network=devnet',
      ),
    ]);
  });
});

describe('a key without the scope is 403, whatever else is wrong', () => {
  test.each(ROUTES)('%s', async (_, route) => {
    const probe = await world.under.ask(route.method, sound(route).url, {
      key: await world.under.mint({ scopes: [] }),
      body: '{',
    });
    const scope = probe.body?.scope as (typeof SCOPES)[number];
    const others = await world.under.mint({ scopes: SCOPES.filter(one => one !== scope) });
    const lacking = { status: 403, code: 'scope_missing' } as const;
    await expectRefused(world, route, [
      withKey(route, 'every other scope', `Bearer ${others}`, lacking),
      { what: 'a broken body besides', url: sound(route).url, asked: { key: others, body: '{' }, wanted: lacking },
    ]);
  });
});

describe('headers beside the key', () => {
  test.each(ROUTES.filter(([, route]) => takesKey(route)))('%s', async (_, route) => {
    const { url, body } = sound(route);
    const values = ['x'.repeat(65), '', '\u00e9', 'a\tb', 'a\u0000b', 'a\u007fb', '\u00a0'];
    const references = ['x'.repeat(257), '', '\u00e9', 'a\u0000b'];
    await expectRefused(world, route, [
      ...values.map(value => ({
        what: `key ${JSON.stringify(value)}`,
        url,
        asked: { body, headers: { 'idempotency-key': value } },
        wanted: BAD,
      })),
      ...references.map(value => ({
        what: `reference ${JSON.stringify(value)}`,
        url,
        asked: { body, headers: { 'x-ebb-client-reference': value } },
        wanted: BAD,
      })),
    ]);
  });
});
