import { expect, test } from 'vitest';
import { listKey, readCursor, writeCursor } from './cursor.ts';

const key = Buffer.alloc(32, 1);
const position = { at: '2026-11-21T12:00:00.000001Z', id: 're_1' };

test('a cursor reads back to the microsecond', () => {
  expect(readCursor(key, writeCursor(key, position))).toEqual(position);
});

test('what this server did not write for this list is refused', () => {
  const cursor = writeCursor(key, position);
  const flipped = cursor.slice(0, -2) + (cursor.endsWith('AA') ? 'BB' : 'AA');
  for (const forged of ['', 'x', flipped, cursor.slice(4), writeCursor(Buffer.alloc(32, 2), position)]) {
    expect(() => readCursor(key, forged)).toThrow('invalid_request');
  }
  expect(() => readCursor(listKey(key, 'receipts'), cursor)).toThrow('invalid_request');
});
