import { expect, test } from 'vitest';
import { assetOf, CURRENCIES, type Currency } from '#libs/money/assets';
import { atoms } from '#libs/money/atoms';
import { asOwner, asTokenAccount } from '#libs/money/solana-types';
import { offersOf } from './offers.ts';
import { readTemplate, storeTemplate } from './template.ts';
import { acceptsOf, shareUrl } from './view.ts';

const link = (price: string, amount: bigint, currency: Currency, alsoAccepts: Currency[] = []) => ({
  network: 'solana-devnet' as const,
  price,
  amount: atoms(amount),
  currency,
  alsoAccepts,
  treasury: {
    id: 'try_1',
    payTo: asOwner('owner'),
    accounts: CURRENCIES.map(one => ({
      mint: assetOf('solana-devnet', one).mint,
      tokenAccount: asTokenAccount(`account of ${one}`),
      open: one !== 'USDG',
    })),
  },
});

test('a link offers its own currency first, the same number in each, and says which can take money', () => {
  const offers = offersOf(link('$1.5', 1_500_000n, 'USDT', ['USDC', 'USDG']));
  expect(offers.map(offer => [offer.asset.currency, offer.amount, offer.tokenAccount, offer.open])).toEqual([
    ['USDT', 1_500_000n, 'account of USDT', true],
    ['USDC', 1_500_000n, 'account of USDC', true],
    ['USDG', 1_500_000n, 'account of USDG', false],
  ]);
});

test('a price that names its symbol is the same number in another currency', () => {
  expect(acceptsOf(link('0.25 USDC', 250_000n, 'USDC', ['USDT'])).map(accept => accept.amount)).toEqual(['250000', '250000']);
});

test('only a devnet link’s URL names its network', () => {
  expect(shareUrl('https://ebb.test', { slug: 'a', network: 'solana-devnet' })).toBe(
    'https://ebb.test/x/a?network=solana-devnet',
  );
  expect(shareUrl('https://ebb.test', { slug: 'a', network: 'solana-mainnet' })).toBe('https://ebb.test/x/a');
});

test('a template reads back as it was written, text as text and JSON in its order', () => {
  for (const body of ['{"not": "parsed"}', '', { z: 1, a: { y: [], b: null } }, [1, '2']]) {
    const template = { status: 200, mimeType: 'application/json', body };
    const read = readTemplate(JSON.parse(JSON.stringify(storeTemplate(template))));
    expect(JSON.stringify(read)).toBe(JSON.stringify(template));
  }
});
