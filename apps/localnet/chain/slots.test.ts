import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Heads } from './heads.ts';
import { MAX_PROCESSING_AGE, Slots } from './slots.ts';

const ranges = fc
  .array(fc.tuple(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 20 })), { maxLength: 8 })
  .map(pairs => {
    let at = 0;
    return pairs.map(([gap, length]) => {
      const from = at + gap + 1;
      at = from + length;
      return { from, to: from + length - 1 };
    });
  });

test('heights count the blocks, and every height has its slot', () => {
  fc.assert(
    fc.property(ranges, fc.integer({ min: 0, max: 300 }), (skipped, height) => {
      const slots = new Slots('seed', skipped);
      const slot = slots.slotAt(height);
      expect(slots.hasBlock(slot)).toBe(true);
      expect(slots.height(slot)).toBe(height);
      expect(slots.blocks(0, slot, 10_000).length).toBe(height + 1);
      const before = slots.blockAtOrBefore(slot - 1);
      if (height > 0) expect(slots.height(before)).toBe(height - 1);
    }),
  );
});

test('a blockhash is recognised for as long as it counts, by a chain that has just started too', () => {
  const hash = new Slots('seed', []).hash(1_000);
  const fresh = () => new Slots('seed', []);
  expect(fresh().heightOf(hash, 1_000 + MAX_PROCESSING_AGE)).toBe(1_000);
  expect(fresh().heightOf(hash, 1_000 + MAX_PROCESSING_AGE + 1)).toBeUndefined();
  expect(new Slots('other', []).heightOf(hash, 1_000)).toBeUndefined();
});

test('confirmed never leads processed, finality is 31 blocks behind it, and none of them goes back', () => {
  fc.assert(
    fc.property(ranges, fc.array(fc.boolean(), { maxLength: 60 }), (skipped, steps) => {
      const slots = new Slots('seed', skipped);
      const heads = new Heads(slots, slots.slotAt(100), false);
      let last = [0, 0, 0];
      for (const freeze of steps) {
        if (freeze) heads.openSlot(slots.slotAt(slots.height(heads.open) + 1));
        else heads.confirm();
        const now = [heads.at('finalized'), heads.at('confirmed'), heads.at('processed')];
        expect(now.every((slot, i) => slot >= (last[i] ?? 0))).toBe(true);
        expect(now).toEqual([...now].sort((a, b) => a - b));
        expect(slots.height(now[1] ?? 0) - slots.height(now[0] ?? 0)).toBe(31);
        last = now;
      }
    }),
  );
});
