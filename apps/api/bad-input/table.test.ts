import { expect, test } from 'vitest';
import { KEYED_ROUTES, ROUTES } from '../testing/bad-input/routes.ts';
import { TABLE } from '../testing/bad-input/table.ts';

test('every keyed route of the document stands in the table of bad input, and none besides', () => {
  expect(Object.keys(TABLE).sort()).toEqual(KEYED_ROUTES.map(route => route.name).sort());
});

test('every route that needs no key has tests of its own', () => {
  const open = ROUTES.filter(route => !route.keyed).map(route => route.path);
  expect([...new Set(open)].sort()).toEqual(['/healthz', '/readyz', '/x/status/{token}', '/x/{id}']);
});

test('every route takes what the table says: placeholders and a body', () => {
  for (const { name, params, body } of KEYED_ROUTES) {
    expect([name, Object.keys(TABLE[name]?.params ?? {}), TABLE[name]?.body !== undefined]).toEqual([
      name,
      params,
      body !== null,
    ]);
  }
});
