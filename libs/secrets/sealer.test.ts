import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { derive } from './derive.ts';
import { sealer } from './sealer.ts';

const key = (fill: number) => Buffer.alloc(32, fill).toString('base64');

test('a sealed secret opens to what it was, and two seals of it differ', () => {
  const box = sealer(key(1));
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), plain => {
      const one = box.seal(plain);
      const two = box.seal(plain);
      expect(Buffer.from(box.open(one))).toEqual(Buffer.from(plain));
      expect(one.equals(two)).toBe(false);
    }),
  );
});

test('another master key opens nothing', () => {
  const sealed = sealer(key(1)).seal(randomBytes(64));
  expect(() => sealer(key(2)).open(sealed)).toThrow();
});

test('a change of any byte, and a cut at any length, is noticed', () => {
  const box = sealer(key(1));
  const sealed = box.seal(randomBytes(64));
  for (let at = 0; at < sealed.length; at++) {
    const changed = Buffer.from(sealed);
    changed.writeUInt8((changed.readUInt8(at) + 1) % 256, at);
    expect(() => box.open(changed), `byte ${at}`).toThrow();
    expect(() => box.open(sealed.subarray(0, at)), `cut at ${at}`).toThrow();
  }
});

test('server keys differ by label and by master key, and are the same every time', () => {
  const labels = ['memo', 'proof', 'status', 'cursor'] as const;
  const keys = [1, 2].flatMap(fill => labels.map(label => derive(key(fill), label).toString('hex')));
  expect(new Set(keys).size).toBe(8);
  expect(keys.every(text => text.length === 64)).toBe(true);
  expect(derive(key(1), 'memo').toString('hex')).toBe(keys[0]);
  expect(() => derive(Buffer.alloc(31).toString('base64'), 'memo')).toThrow('32 bytes');
});
