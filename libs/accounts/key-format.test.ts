import fc from 'fast-check';
import { expect, test } from 'vitest';
import { keyHash, newKeyText, parseKey, shownParts } from './key-format.ts';

test('a new key is read back, with its network in its prefix', () => {
  for (const network of ['solana-devnet', 'solana-mainnet'] as const) {
    const text = newKeyText(network);
    expect(text).toMatch(network === 'solana-devnet' ? /^ebb_test_[0-9A-Za-z]{36}$/ : /^ebb_live_[0-9A-Za-z]{36}$/);
    expect(parseKey(text)).toEqual({ network, hash: keyHash(text) });
  }
  expect(newKeyText('solana-devnet')).not.toBe(newKeyText('solana-devnet'));
});

test('one wrong character anywhere, and no database is asked', () => {
  const text = newKeyText('solana-devnet');
  const letters = [...'0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'];
  for (let at = 'ebb_test_'.length; at < text.length; at++) {
    for (const letter of letters.filter(one => one !== text[at])) {
      expect(parseKey(text.slice(0, at) + letter + text.slice(at + 1))).toBeNull();
    }
  }
});

test('a test key is not made a live one by its prefix', () => {
  expect(parseKey(newKeyText('solana-devnet').replace('test', 'live'))).toBeNull();
});

test('nothing else is a key, and reading never throws', () => {
  fc.assert(fc.property(fc.string(), text => parseKey(text) === null));
  const text = newKeyText('solana-mainnet');
  for (const other of [` ${text}`, `${text}\n`, text.slice(0, -1), `${text}0`, text.toUpperCase(), '']) {
    expect(parseKey(other)).toBeNull();
  }
});

test('what is shown of a key leaves at least 26 secret characters', () => {
  const text = newKeyText('solana-devnet');
  const { prefix, lastFour } = shownParts(text);
  expect(text.startsWith(prefix) && text.endsWith(lastFour)).toBe(true);
  expect([prefix.length, lastFour.length]).toEqual([13, 4]);
});
