import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readPrice } from './price.ts';

const read = (text: string, currency?: 'USDC' | 'USDT' | 'USDG') => {
  const reading = readPrice('solana-devnet', text, currency);
  return reading.kind === 'price' ? `${reading.amount} ${reading.asset.currency}` : reading.kind;
};

describe('what a price text means', () => {
  test.each([
    ['$0.10', undefined, '100000 USDC'],
    ['  $1  ', undefined, '1000000 USDC'],
    ['0.5 USDT', undefined, '500000 USDT'],
    ['0.5 USDT', 'USDT', '500000 USDT'],
    ['1usdg', undefined, '1000000 USDG'],
    ['2 USD', undefined, '2000000 USDC'],
    ['2 usd', 'USDT', '2000000 USDT'],
    ['$2', 'USDG', '2000000 USDG'],
    ['7', undefined, '7000000 USDC'],
    ['007.50', undefined, '7500000 USDC'],
    ['0.000001', undefined, '1 USDC'],
    ['18446744073709.551615', undefined, '18446744073709551615 USDC'],
  ] as const)('%s (%s) is %s', (text, currency, meaning) => {
    expect(read(text, currency)).toBe(meaning);
  });

  test.each([
    ['$.5'],
    ['1.'],
    ['.5'],
    ['1,000'],
    ['-1'],
    ['+1'],
    ['1e3'],
    ['$1 USDC'],
    ['USDC 1'],
    ['$ 1'],
    ['1  USDC'],
    ['1 EUR'],
    ['0.0000001'],
    ['1.0000000'],
    ['١'],
    [''],
    ['1 2'],
    ['0x10'],
    ['1.2.3'],
    ['NaN'],
    ['1'.repeat(65)],
  ])('%s cannot be read', text => {
    expect(read(text)).toBe('unparseable_price');
  });

  test('a symbol that contradicts the currency, zero and what 64 bits cannot hold each have their own refusal', () => {
    expect(read('1 USDT', 'USDC')).toBe('price_currency_mismatch');
    expect(read('0')).toBe('price_not_positive');
    expect(read('$0.000000')).toBe('price_not_positive');
    expect(read('18446744073709.551616')).toBe('price_too_large');
  });
});

test('every amount reads back as itself, however it is written', () => {
  const amounts = fc.bigInt({ min: 1n, max: 2n ** 64n - 1n });
  const forms = fc.constantFrom<(n: string) => string>(
    n => n,
    n => `$${n}`,
    n => `${n} USDC`,
    n => `${n}usdc`,
    n => ` ${n} UsD `,
  );
  fc.assert(
    fc.property(amounts, forms, (amount, form) => {
      const digits = amount.toString().padStart(7, '0');
      const text = form(`${digits.slice(0, -6)}.${digits.slice(-6)}`);
      expect(read(text)).toBe(`${amount} USDC`);
    }),
  );
});

test('no text yields an amount that the grammar does not name', () => {
  const pieces = fc.array(fc.constantFrom('$', '1', '0', '.', ' ', 'USDC', 'usd', 'e', '-', ',', '9'), { maxLength: 8 });
  fc.assert(
    fc.property(pieces, parts => {
      const text = parts.join('');
      const grammatical = /^\s*(\$\d+(\.\d{1,6})?|\d+(\.\d{1,6})?( ?(usdc|usd))?)\s*$/i.test(text);
      expect(!['unparseable_price'].includes(read(text))).toBe(grammatical);
    }),
    { numRuns: 2_000 },
  );
});
