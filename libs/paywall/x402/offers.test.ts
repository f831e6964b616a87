import { parsePaymentRequired } from '@x402/core/schemas';
import { describe, expect, test } from 'vitest';
import { assetOf } from '#libs/money/assets';
import { atoms } from '#libs/money/atoms';
import { makeOffers, paymentRequired, paymentRequiredV1, requirementsHash } from './offers.ts';
import { KEYS, LINK, NOW, offerOf, PRICE, sponsor, USDC } from './payment.fixture.ts';

const resource = { url: 'https://example.com/x/1', description: 'A call', mimeType: 'application/json' };
const USDT = assetOf('solana-devnet', 'USDT');
const two = () =>
  makeOffers(
    KEYS,
    {
      ...LINK,
      feePayer: sponsor.address,
      prices: [
        { asset: USDC, amount: PRICE },
        { asset: USDT, amount: atoms(5n) },
      ],
    },
    NOW,
  );

test('each offer names its asset and amount, and has a memo and a secret of its own', () => {
  const [usdc, usdt] = two();
  expect(usdc).toMatchObject({
    scheme: 'exact',
    network: 'solana:EtWTRABZaYq6iMfeYKouRu166VU2xqa1',
    asset: USDC.mint,
    amount: '100000',
    payTo: LINK.payTo,
    extra: { feePayer: sponsor.address },
  });
  expect(usdt).toMatchObject({ asset: USDT.mint, amount: '5' });
  expect(usdc?.extra.memo).not.toBe(usdt?.extra.memo);
  expect(usdc?.extra.ebb).not.toBe(usdt?.extra.ebb);
});

test('two requests get different memos within one second', () => {
  expect(offerOf().extra.memo).not.toBe(offerOf().extra.memo);
});

test('the 402 fits the official schema, and its header is its body', () => {
  const { body, header } = paymentRequired(two(), resource);
  expect(parsePaymentRequired(body).success).toBe(true);
  expect(JSON.parse(Buffer.from(header, 'base64').toString())).toEqual(body);
});

test('the v1 form fits the official schema and leaves the secret out', () => {
  const body = paymentRequiredV1('solana-devnet', two(), resource);
  expect(parsePaymentRequired(body).success).toBe(true);
  expect(body.accepts[0]).toMatchObject({ network: 'solana-devnet', maxAmountRequired: '100000', resource: resource.url });
  expect(JSON.stringify(body)).not.toContain('ebb"');
});

describe('the hash of requirements', () => {
  test('does not depend on the secret or on the order of members', () => {
    const { extra, ...rest } = offerOf();
    const { feePayer, memo } = extra;
    expect(requirementsHash({ ...rest, extra })).toMatch(/^[0-9a-f]{64}$/);
    expect(requirementsHash({ extra: { memo, feePayer }, ...rest })).toBe(requirementsHash({ ...rest, extra }));
  });

  test('changes with the amount', () => {
    const offer = offerOf();
    expect(requirementsHash({ ...offer, amount: '100001' })).not.toBe(requirementsHash(offer));
  });
});
