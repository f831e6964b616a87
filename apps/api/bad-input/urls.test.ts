import { describe, expect, test } from 'vitest';
import { writeCursor } from '#libs/pages/cursor';
import { wrongValues } from '../testing/bad-input/faults.ts';
import { type Attempt, BAD, expectRefused } from '../testing/bad-input/refused.ts';
import { LISTS, methodsAt, type Route, urlOf } from '../testing/bad-input/routes.ts';
import { entryOf, LISTED } from '../testing/bad-input/table.ts';
import { useWorld } from '../testing/bad-input/world.ts';

const world = useWorld();
const ROUTES = LISTED.map(route => [route.name, route] as const);
const named = (routes: readonly Route[]) => routes.map(route => [route.name, route] as const);

const here = (route: Route) => urlOf(route, param => entryOf(route.name).params?.[param]?.of(world.mine) ?? '');
const bodyOf = (route: Route) => {
  const { body } = entryOf(route.name);
  return body === undefined ? {} : { body: body(world.mine) };
};

describe('an id that is not there, not one’s own or no id at all is 404, and the three look the same', () => {
  test.each(ROUTES.filter(([, route]) => route.params.length > 0))('%s', async (_, route) => {
    const mainnet = await world.under.mint({ network: 'solana-mainnet' });
    const odd = [
      'constructor',
      '__proto__',
      'toString',
      '0',
      '-1',
      '1.5',
      'null',
      "' or 1=1 --",
      '%',
      '%25',
      '\u202e',
      '💸',
      'a b',
      'a/b',
      '..\\',
      '*',
      '?',
      '#',
      '{}',
      'x'.repeat(128),
      '\ud7ff',
      'é'.repeat(60),
    ];
    for (const param of route.params) {
      const { unknown, of, code } = entryOf(route.name).params?.[param] ?? {
        unknown: '',
        of: () => '',
        code: 'internal' as const,
      };
      const at = (id: string, encode?: typeof encodeURIComponent) =>
        urlOf(route, one => (one === param ? id : of(world.mine)), encode);
      const gone = { status: 404, code } as const;
      await expectRefused(world, route, [
        { what: 'unknown', url: at(unknown), asked: bodyOf(route), wanted: gone },
        { what: 'theirs', url: at(of(world.theirs)), asked: bodyOf(route), wanted: gone },
        { what: 'mine, on the other network', url: at(of(world.mine)), asked: { ...bodyOf(route), key: mainnet }, wanted: gone },
        ...odd.map(id => ({ what: JSON.stringify(id), url: at(id), asked: bodyOf(route), wanted: gone })),
        { what: 'NUL', url: at('%00', String), asked: bodyOf(route), wanted: BAD },
        { what: 'half a character', url: at('a%ff', String), asked: bodyOf(route), wanted: BAD },
        { what: 'no percent', url: at('%zz', String), asked: bodyOf(route), wanted: BAD },
        { what: 'too long', url: at('x'.repeat(200)), asked: bodyOf(route), wanted: { status: 414, code: 'uri_too_long' } },
      ]);
      const [absent, foreign] = [
        await world.under.ask(route.method, at(unknown), bodyOf(route)),
        await world.under.ask(route.method, at(of(world.theirs)), bodyOf(route)),
      ];
      expect({ ...foreign.body, instance: '', request_id: '' }).toEqual({ ...absent.body, instance: '', request_id: '' });
    }
  });
});

describe('a method that a path does not take is 405 and says which it takes', () => {
  test.each(ROUTES)('%s', async (_, route) => {
    const url = here(route);
    const methods = methodsAt(url);
    const others = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'].filter(method => !methods.includes(method));
    const attempts = others.map(method => ({
      what: method,
      url,
      method,
      wanted: { status: 405, code: 'method_not_allowed' } as const,
    }));
    await expectRefused(world, route, attempts);
    for (const method of others) {
      const allowed = String((await world.under.ask(method, url)).headers.allow).split(', ');
      expect(allowed.filter(one => one !== 'HEAD').sort()).toEqual([...methods].sort());
    }
  });
});

describe('a query field that is unknown, wrong, given twice or unstorable is 400 and pointed at', () => {
  test.each(ROUTES)('%s', async (_, route) => {
    const url = here(route);
    const at = (what: string, query: string, pointer: string): Attempt => ({
      what,
      url: `${url}?${query}`,
      asked: bodyOf(route),
      wanted: { ...BAD, pointer },
    });
    const unknown = ['unknown', 'constructor', 'toString', '__proto__', 'hasOwnProperty', 'limit[]', 'created[gt]', 'a[b][c]'];
    const fields = route.query.flatMap(({ name, schema }) => {
      const texts = wrongValues(schema).filter(value => typeof value === 'string' && !coerced(name, value));
      const key = encodeURIComponent(name);
      return [
        ...texts.map(text =>
          at(`${name}=${String(text).slice(0, 30)}`, `${key}=${encodeURIComponent(String(text))}`, `/${name}`),
        ),
        at(`${name} twice`, `${key}=1&${key}=2`, `/${name}`),
        at(`${name} with NUL`, `${key}=a%00b`, `/${name}`),
      ];
    });
    await expectRefused(world, route, [...unknown.map(name => at(name, `${encodeURIComponent(name)}=1`, `/${name}`)), ...fields]);
  });
});

describe('lists', () => {
  test.each(named(LISTS.filter(one => LISTED.includes(one))))('%s: a limit or a time that is none', async (_, route) => {
    const at = (name: string, text: string): Attempt => ({
      what: `${name}=${text}`,
      url: `${here(route)}?${encodeURIComponent(name)}=${encodeURIComponent(text)}`,
      wanted: { ...BAD, pointer: `/${name}` },
    });
    const limits = [
      '0',
      '-1',
      '201',
      '1.5',
      '1e999',
      '99999999999999999999',
      'NaN',
      'Infinity',
      'all',
      '',
      '0x10',
      '1e1',
      ' 5',
      '+5',
      '٣',
    ];
    const times = [
      'yesterday',
      '2026-01-01',
      '2026-13-01T00:00:00Z',
      '2026-02-30T00:00:00Z',
      '0000-01-01T00:00:00Z',
      '2026-01-01T00:00:00+23:59',
      '2026-01-01T00:00:00-16:00',
      `2026-01-01T00:00:00.${'1'.repeat(300)}Z`,
      '1767225600',
      '2026-01-01T00:00:00',
    ];
    const spans = route.query.map(one => one.name).filter(name => name.endsWith(']'));
    await expectRefused(world, route, [
      ...limits.map(text => at('limit', text)),
      ...spans.flatMap(name => times.map(time => at(name, time))),
    ]);
  });

  test.each(named(LISTS.filter(one => LISTED.includes(one))))(
    '%s: times at the edges of what is a time are no fault',
    async (_, route) => {
      for (const time of [
        '0001-01-01T00:00:00Z',
        '9999-12-31T23:59:59.999999Z',
        '2026-01-01T00:00:00.123456789+14:00',
        '0001-01-01T00:00:00+14:00',
        '9999-12-31T23:59:59-12:00',
      ]) {
        for (const { name } of route.query.filter(one => one.name.endsWith(']'))) {
          const answer = await world.under.ask('GET', `${here(route)}?${encodeURIComponent(name)}=${encodeURIComponent(time)}`);
          expect([name, time, answer.status]).toEqual([name, time, 200]);
        }
      }
    },
  );

  test.each(named(LISTS.filter(one => LISTED.includes(one))))('%s: a cursor that this list did not give', async (_, route) => {
    const cursors = ['x', '', 'AAAAAAAAAAAAAAAAAAAAAAAA', 'x'.repeat(513), "'", 'é', '\u202e'];
    const position = { at: '2026-11-21T12:00:00.000001Z', id: 're_1' };
    cursors.push(writeCursor(Buffer.alloc(32, 7), position), writeCursor(world.under.parts.keys.cursor, position));
    for (const other of LISTS.filter(one => one.name !== route.name)) {
      const page = await world.under.ask('GET', `${here(other)}?limit=1`);
      if (page.body?.next_cursor) cursors.push(page.body.next_cursor);
    }
    const attempts = cursors.map(cursor => ({
      what: cursor.slice(0, 30),
      url: `${here(route)}?cursor=${encodeURIComponent(cursor)}`,
      wanted: { ...BAD, pointer: '/cursor' },
    }));
    await expectRefused(world, route, attempts);
  });
});

/** What a list reads as the number or truth that it says, though the document's schema is of the value and not of its text. */
const coerced = (name: string, text: unknown): boolean => name === 'limit' && /^[1-9]\d{0,2}$/.test(String(text));
