import { decodePaymentResponseHeader } from '@x402/core/http';
import { expect, test } from 'vitest';
import { settlementHeaders } from './answers.ts';

const about = { network: 'solana-devnet', payer: 'buyer' } as const;

test('a v2 caller is told in one header, which the official client reads', () => {
  const headers = settlementHeaders(2, { kind: 'settled', signature: 'sig', ...about });
  expect(Object.keys(headers)).toEqual(['PAYMENT-RESPONSE']);
  expect(decodePaymentResponseHeader(headers['PAYMENT-RESPONSE'] ?? '')).toEqual({
    success: true,
    transaction: 'sig',
    network: 'solana:EtWTRABZaYq6iMfeYKouRu166VU2xqa1',
    payer: 'buyer',
  });
});

test('a v1 caller is told in its own words too', () => {
  const headers = settlementHeaders(1, { kind: 'settled', signature: 'sig', ...about });
  expect(decodePaymentResponseHeader(headers['X-PAYMENT-RESPONSE'] ?? '')).toMatchObject({
    network: 'solana-devnet',
    success: true,
  });
  expect(decodePaymentResponseHeader(headers['PAYMENT-RESPONSE'] ?? '')).toMatchObject({ success: true });
});

test('pending is not success, and bears the signature where it is known', () => {
  const told = (signature: string | null) =>
    decodePaymentResponseHeader(settlementHeaders(2, { kind: 'pending', signature, ...about })['PAYMENT-RESPONSE'] ?? '');
  expect(told('sig')).toMatchObject({ success: false, errorReason: 'settlement_pending', transaction: 'sig' });
  expect(told(null)).toMatchObject({ success: false, errorReason: 'settlement_pending', transaction: '' });
});

test('a refusal bears its reason and no transaction', () => {
  const headers = settlementHeaders(2, { kind: 'refused', reason: 'payment_expired', network: 'solana-mainnet', payer: null });
  expect(decodePaymentResponseHeader(headers['PAYMENT-RESPONSE'] ?? '')).toEqual({
    success: false,
    errorReason: 'payment_expired',
    transaction: '',
    network: 'solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp',
    payer: '',
  });
});
