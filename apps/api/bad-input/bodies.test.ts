import { describe, test } from 'vitest';
import { faultyBodies, freePlaces } from '../testing/bad-input/faults.ts';
import { type Attempt, BAD, expectRefused } from '../testing/bad-input/refused.ts';
import { type Route, urlOf } from '../testing/bad-input/routes.ts';
import { entryOf, LISTED } from '../testing/bad-input/table.ts';
import { useWorld } from '../testing/bad-input/world.ts';

const world = useWorld();
const JSON_TYPE = { 'content-type': 'application/json' };
const ROUTES = LISTED.filter(route => route.body !== null).map(route => [route.name, route] as const);

const goodBody = (route: Route) => entryOf(route.name).body?.(world.mine) ?? {};
const here = (route: Route) => urlOf(route, param => entryOf(route.name).params?.[param]?.of(world.mine) ?? '');
const raw = (
  route: Route,
  what: string,
  body: string,
  wanted: Attempt['wanted'] = BAD,
  headers = JSON_TYPE as Record<string, string>,
): Attempt => ({
  what,
  url: here(route),
  asked: { body, headers },
  wanted,
});
const nested = (depth: number, [open, close]: [string, string] = ['[', ']']) => `${open.repeat(depth)}0${close.repeat(depth)}`;

describe('a body with one thing wrong is 400 and points at it', () => {
  test.each(ROUTES)(
    '%s',
    async (_, route) => {
      const cases = faultyBodies(route.body ?? {}, goodBody(route));
      const attempts = cases.map(({ what, body, pointer }) => ({
        what,
        url: here(route),
        asked: { body },
        wanted: { ...BAD, pointer },
      }));
      await expectRefused(world, route, attempts);
    },
    60_000,
  );
});

describe('what is no JSON object, or not JSON, is 400', () => {
  test.each(ROUTES)('%s', async (_, route) => {
    const texts = [
      '{',
      '{"a":',
      '{"a":1,}',
      "{'a':1}",
      '{"a":1}{"b":2}',
      'nul',
      'NaN',
      '\ufeff',
      '{"a":01}',
      '\u0000',
      '{"a":"\n"}',
    ];
    const values = ['[]', 'null', 'true', '7', '1e999', '[[]]', ...(entryOf(route.name).text === true ? [] : ['"x"', '"{}"'])];
    const nothing = entryOf(route.name).bodyOptional === true ? [] : [''];
    const attempts = [...texts, ...values, ...nothing].map(text => raw(route, JSON.stringify(text), text));
    await expectRefused(world, route, [...attempts, ...nothing.map(() => ({ what: 'no body', url: here(route), wanted: BAD }))]);
  });
});

describe('names that reach into prototypes are 400', () => {
  test.each(ROUTES)('%s', async (_, route) => {
    const good = JSON.stringify(goodBody(route)).slice(0, -1);
    const names = ['{"__proto__":{"admin":true}}', '{"constructor":{"prototype":{"admin":true}}}'];
    const beside = ['"__proto__":{"admin":true}', '"constructor":{"prototype":{}}', '"\\u005f_proto__":null'];
    const inner = freePlaces(route.body ?? {}).map(place =>
      JSON.stringify(put(goodBody(route), place, 0)).replace(/0(?=}*$)/, '{"__proto__":{"x":1}}'),
    );
    await expectRefused(
      world,
      route,
      [...names, ...beside.map(name => `${good},${name}}`), ...inner].map(text => raw(route, text.slice(-60), text)),
    );
  });
});

describe('what PostgreSQL cannot hold or nobody can walk is 400', () => {
  test.each(ROUTES)('%s', async (_, route) => {
    const places = ['/unknown', ...freePlaces(route.body ?? {}).map(place => `${place}/deep`)];
    const values = [
      '"a\\u0000b"',
      '"\\ud800"',
      '"\\udc00x"',
      '{"\\u0000":1}',
      '1e999',
      '-1e999',
      nested(40),
      nested(40, ['{"a":', '}']),
      nested(100_000),
    ];
    const attempts = places.flatMap(place =>
      values.map(value => {
        const text = JSON.stringify(put(goodBody(route), place, 'HERE')).replace('"HERE"', value);
        return raw(route, `${place} ${value.slice(0, 20)}`, text);
      }),
    );
    await expectRefused(world, route, attempts);
  });
});

describe('many faults are told briefly', () => {
  test.each(ROUTES)('%s', async (_, route) => {
    const many = (value: string) => `{${Array.from({ length: 20_000 }, (_, n) => `"f${n}":${value}`).join(',')}}`;
    const place = freePlaces(route.body ?? {})[0];
    const deep =
      place === undefined ? [] : [JSON.stringify(put(goodBody(route), place, 'HERE')).replace('"HERE"', many('"\\u0000"'))];
    const long = `{"${'x'.repeat(200_000)}":1}`;
    await expectRefused(
      world,
      route,
      [many('1'), many('"\\u0000"'), long, ...deep].map((text, at) => raw(route, `many ${at}`, text)),
    );
  });
});

describe('another type is 415, another encoding 400 or 415, too much 413', () => {
  test.each(ROUTES)('%s', async (_, route) => {
    const good = JSON.stringify(goodBody(route));
    const unread = { status: 415, code: 'media_type_unsupported' } as const;
    const types = [
      'text/plain',
      'application/xml',
      'multipart/form-data; boundary=x',
      'application/x-www-form-urlencoded',
      'application/jsonp',
      'json',
      '',
      'a'.repeat(500),
      '/',
      ';',
      'text/html\u00e9',
    ];
    const coded = { ...JSON_TYPE, 'content-encoding': 'gzip' };
    await expectRefused(world, route, [
      ...types.map(type => raw(route, `type ${type.slice(0, 20)}`, good, unread, { 'content-type': type })),
      { what: 'no type', url: here(route), asked: { body: good }, wanted: unread },
      raw(route, 'gzip', good, unread, coded),
      raw(route, 'ten megabytes', `{"a":"${'x'.repeat(10_000_000)}"}`, { status: 413, code: 'body_too_large' }),
      raw(route, 'ten megabytes of nothing', ' '.repeat(10_000_000), { status: 413, code: 'body_too_large' }),
    ]);
  });
});

describe('someone else’s thing in the body is not there', () => {
  test.each(ROUTES.filter(([name]) => entryOf(name).foreign !== undefined))('%s', async (_, route) => {
    const foreign = entryOf(route.name).foreign?.(world.theirs);
    const mainnet = await world.under.mint({ network: 'solana-mainnet' });
    const own = entryOf(route.name).foreign?.(world.mine);
    const code = foreign?.code ?? 'internal';
    await expectRefused(world, route, [
      { what: 'theirs', url: here(route), asked: { body: foreign?.body }, wanted: { status: 404, code } },
      {
        what: 'mine, on the other network',
        url: here(route),
        asked: { body: own?.body, key: mainnet },
        wanted: { status: 404, code },
      },
    ]);
  });
});

/** The value with something put at a pointer. */
function put(value: Record<string, unknown>, pointer: string, what: unknown): Record<string, unknown> {
  const copy = structuredClone(value);
  const steps = pointer.split('/').slice(1);
  const last = steps.pop() ?? '';
  let inner = copy;
  for (const step of steps) {
    const next = (inner[step] ?? {}) as Record<string, unknown>;
    inner[step] = next;
    inner = next;
  }
  inner[last] = what;
  return copy;
}
