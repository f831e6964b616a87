import { expect, test } from 'vitest';
import { isNewEnough } from './version.ts';

test.each([
  ['temporal version 1.8.2 (Server 1.31.2, UI 2.50.1)', true],
  ['temporal version 0.0.0-DEV (Server 1.31.2, UI 2.50.1)', true],
  ['temporal version 1.9.0 (Server 1.32.0, UI 2.51.0)', true],
  ['temporal version 2.0.0 (Server 2.0.0, UI 3.0.0)', true],
  ['temporal version 1.8.1 (Server 1.31.1, UI 2.50.1)', false],
  ['temporal version 1.3.0 (Server 1.27.1, UI 2.36.0)', false],
  ['tctl version 1.18.0', false],
  ['', false],
])('a temporal that says "%s" is new enough: %s', (said, enough) => {
  expect(isNewEnough(said)).toBe(enough);
});
