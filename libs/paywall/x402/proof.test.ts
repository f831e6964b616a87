import { describe, expect, test } from 'vitest';
import { wireOf } from '#libs/chain/transaction.fixture';
import type { Requirements } from './offers.ts';
import { buyer, header, headerV1, headerV2, KEYS, offerOf, plainly, signedBy, sponsor } from './payment.fixture.ts';
import { type Proof, type ReadProof, readProof } from './proof.ts';

const offer = offerOf();
const wire = await signedBy([buyer], plainly(offer.extra.memo));
const v2 = (accepted: unknown = offer, transaction = wire) =>
  readProof({ paymentSignature: headerV2(accepted, transaction) }, KEYS.proof);
const v1 = (network?: string) => readProof({ xPayment: headerV1(wire, network) }, KEYS.proof);
const withExtra = (extra: object): unknown => ({ ...offer, extra: { ...offer.extra, ...extra } });

function proofOf(read: ReadProof): Proof {
  if (read.kind !== 'proof') throw new Error(`no proof but ${JSON.stringify(read)}`);
  return read.proof;
}

test('a v2 proof shows the offer, its secret and the transaction', () => {
  expect(proofOf(v2())).toMatchObject({
    version: 2,
    network: 'solana-devnet',
    wire,
    memo: offer.extra.memo,
    accepted: { asset: offer.asset, amount: offer.amount, payTo: offer.payTo, feePayer: sponsor.address, memo: offer.extra.memo },
    secret: 'right',
    secretShown: true,
  });
});

test('a v1 proof shows no secret, and its network by word or by CAIP-2', () => {
  for (const read of [v1(), v1('solana:EtWTRABZaYq6iMfeYKouRu166VU2xqa1')]) {
    expect(proofOf(read)).toMatchObject({
      version: 1,
      network: 'solana-devnet',
      accepted: null,
      secret: 'missing',
      secretShown: false,
    });
  }
  expect(proofOf(v1('solana')).network).toBe('solana-mainnet');
});

test('both headers: the newer one counts', () => {
  const read = readProof({ paymentSignature: headerV2(offer, wire), xPayment: headerV1(wire) }, KEYS.proof);
  expect(proofOf(read).version).toBe(2);
});

test('no header, or an empty one, is no proof', () => {
  expect(readProof({}, KEYS.proof)).toEqual({ kind: 'none' });
  expect(readProof({ paymentSignature: '' }, KEYS.proof)).toEqual({ kind: 'none' });
});

describe('the secret', () => {
  test('rebuilt from the chain there is none', () => {
    const { ebb: _, ...seen } = offer.extra;
    expect(proofOf(v2({ ...offer, extra: seen }))).toMatchObject({ secret: 'missing', secretShown: false });
  });

  test('forged', () => {
    expect(proofOf(v2(withExtra({ ebb: 'A'.repeat(43) })))).toMatchObject({ secret: 'wrong', secretShown: false });
  });

  test('of one’s own offer with someone else’s transaction opens nothing', async () => {
    const other = offerOf();
    expect(proofOf(v2(other, wire)).secretShown).toBe(false);
    const both = await signedBy([buyer], [...plainly(offer.extra.memo), ...plainly(other.extra.memo).slice(3)]);
    expect(proofOf(v2(other, both))).toMatchObject({ memo: null, secretShown: false });
    expect(proofOf(v2(offer, both)).secretShown).toBe(false);
  });
});

describe('refused, each with its word', () => {
  const payload = { transaction: wire };
  test.each<[string, string, string]>([
    ['not base64', 'invalid_payload', '{"x402Version":2}'],
    ['base64 of no JSON', 'invalid_payload', Buffer.from('hello').toString('base64')],
    ['JSON of no object', 'invalid_payload', header([1])],
    ['too long', 'invalid_payload', 'A'.repeat(20_000)],
    ['no version', 'invalid_x402_version', header({ payload })],
    ['version 3', 'invalid_x402_version', header({ x402Version: 3, payload })],
    ['v2 without an offer', 'invalid_payload', header({ x402Version: 2, payload })],
    ['v2 without a transaction', 'invalid_payload', header({ x402Version: 2, accepted: offer, payload: {} })],
    [
      'another scheme',
      'unsupported_scheme',
      headerV2({ ...offer, scheme: 'upto' } satisfies Omit<Requirements, 'scheme'> & { scheme: string }, wire),
    ],
    ['another chain', 'invalid_network', headerV2({ ...offer, network: 'eip155:8453' }, wire)],
    ['v1 on another chain', 'invalid_network', headerV1(wire, 'base')],
    ['a transaction that is none', 'invalid_exact_svm_payload_transaction_could_not_be_decoded', headerV2(offer, 'aGVsbG8=')],
  ])('%s → %s', (_, reason, text) => {
    expect(readProof({ paymentSignature: text }, KEYS.proof)).toMatchObject({ kind: 'refused', reason });
  });
});

test('the identity of a proof is its message, whoever has signed it', async () => {
  const unsigned = wireOf(sponsor.address, plainly(offer.extra.memo));
  expect(proofOf(v2(offer, unsigned)).transaction.messageHash).toEqual(proofOf(v2()).transaction.messageHash);
});
