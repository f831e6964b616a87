import { describe, expect, test } from 'vitest';
import { named } from '#libs/chain/transaction.fixture';
import { assetOf } from '#libs/money/assets';
import { atoms } from '#libs/money/atoms';
import { asOwner, asTokenAccount } from '#libs/money/solana-types';
import { type BoundTo, bindProof } from './binding.ts';
import { MAX_TIMEOUT_SECONDS } from './offers.ts';
import {
  buyer,
  headerV1,
  headerV2,
  KEYS,
  LINK,
  NOW,
  offerOf,
  PRICE,
  plainly,
  signedBy,
  sponsor,
  transfer,
  treasuryAccount,
  USDC,
} from './payment.fixture.ts';
import { type Proof, readProof } from './proof.ts';

const offer = offerOf();
const wire = await signedBy([buyer], plainly(offer.extra.memo));
const read = (headers: Parameters<typeof readProof>[0]): Proof => {
  const answer = readProof(headers, KEYS.proof);
  if (answer.kind !== 'proof') throw new Error(`no proof but ${answer.kind}`);
  return answer.proof;
};
const v2 = (accepted: object = offer, transaction = wire) => read({ paymentSignature: headerV2(accepted, transaction) });
const v1 = (transaction = wire) => read({ xPayment: headerV1(transaction) });
const bind = (proof: Proof, to: BoundTo = LINK, now: Date = NOW) => bindProof(proof, to, KEYS.memo, now);
const later = (seconds: number) => new Date(NOW.getTime() + seconds * 1_000);
const USDT = assetOf('solana-devnet', 'USDT');

test.each([
  ['v2', v2()],
  ['v1', v1()],
])('I9: a %s proof is bound to the offer it takes up', (_, proof) => {
  const bound = bind(proof);
  const { ebb: _secret, ...extra } = offer.extra;
  expect(bound).toMatchObject({
    kind: 'bound',
    offer: {
      asset: USDC,
      amount: PRICE,
      memo: offer.extra.memo,
      issuedAt: NOW,
      payToAccount: treasuryAccount,
      feePayer: sponsor.address,
    },
  });
  expect(bound.kind === 'bound' && bound.offer.requirements).toEqual({ ...offer, extra });
});

test('what is handed on holds nothing of the buyer’s own and no secret', () => {
  const bound = bind(v2({ ...offer, extra: { ...offer.extra, note: 'mine' }, note: 'mine' }));
  const text = JSON.stringify(bound, (_, value) => (typeof value === 'bigint' ? String(value) : value));
  expect(text).toContain(offer.extra.memo);
  expect(text).not.toContain('mine');
  expect(text).not.toContain(offer.extra.ebb);
});

describe('I9: a proof made for something else is refused', () => {
  const refusal = (reason: string) => ({ kind: 'refused', reason });
  const others: [string, Partial<BoundTo>, string][] = [
    ['link', { linkId: 'lnk_2' }, 'invalid_payment_requirements'],
    ['network', { network: 'solana-mainnet' }, 'invalid_network'],
    ['fee payer', { feePayers: [named('other sponsor')] }, 'invalid_exact_svm_fee_payer_not_managed_by_facilitator'],
    ['asset', { tokenAccounts: new Map([[USDT.mint, treasuryAccount]]) }, 'invalid_payment_requirements'],
  ];
  test.each(others)('another %s, v2', (_, change, reason) => {
    expect(bind(v2(), { ...LINK, ...change })).toMatchObject(refusal(reason));
  });
  test.each(others)('another %s, v1', (_, change, reason) => {
    expect(bind(v1(), { ...LINK, ...change })).toMatchObject(refusal(reason));
  });

  test('another recipient', () => {
    expect(bind(v2(), { ...LINK, payTo: asOwner(named('someone')) })).toMatchObject(refusal('invalid_payment_requirements'));
  });

  test('a lower price claimed in the offer', () => {
    expect(bind(v2({ ...offer, amount: '1' }))).toMatchObject(refusal('invalid_payment_requirements'));
  });

  test('a lower price paid, v1', async () => {
    const cheap = await signedBy([buyer], plainly(offer.extra.memo, 1n));
    expect(bind(v1(cheap))).toMatchObject(refusal('invalid_payment_requirements'));
  });

  test('a memo of a cheaper link of the same seller', async () => {
    const cheaper = offerOf({ ...LINK, linkId: 'lnk_cheap' }, atoms(1n));
    const paid = await signedBy([buyer], plainly(cheaper.extra.memo, 1n));
    expect(bind(v2(cheaper, paid))).toMatchObject(refusal('invalid_payment_requirements'));
    expect(bind(v1(paid))).toMatchObject(refusal('invalid_payment_requirements'));
  });

  test('a memo of one’s own making', async () => {
    const memo = `ebb:${'A'.repeat(22)}`;
    const paid = await signedBy([buyer], plainly(memo));
    expect(bind(v2({ ...offer, extra: { ...offer.extra, memo, ebb: undefined } }, paid))).toMatchObject(
      refusal('invalid_payment_requirements'),
    );
    expect(bind(v1(paid))).toMatchObject(refusal('invalid_payment_requirements'));
  });

  test('another asset, worth less, in place of the offered one', async () => {
    const to = {
      ...LINK,
      tokenAccounts: new Map([
        [USDC.mint, treasuryAccount],
        [USDT.mint, asTokenAccount(named('usdt'))],
      ]),
    };
    expect(bind(v2({ ...offer, asset: USDT.mint }), to)).toMatchObject(refusal('invalid_payment_requirements'));
  });

  test('an amount that is no number of atoms', () => {
    for (const amount of ['1e5', '-1', '0100000', '100000.0', ' 100000']) {
      expect(bind(v2({ ...offer, amount }))).toMatchObject(refusal('invalid_payment_requirements'));
    }
  });

  test('a longer life than was offered', () => {
    expect(bind(v2({ ...offer, maxTimeoutSeconds: 86_400 }))).toMatchObject(refusal('invalid_payment_requirements'));
  });

  test('a forged secret', () => {
    expect(bind(v2({ ...offer, extra: { ...offer.extra, ebb: 'A'.repeat(43) } }))).toMatchObject(
      refusal('invalid_payment_requirements'),
    );
  });

  test('no secret at all is let pay, as v1 is', () => {
    const { ebb: _, ...extra } = offer.extra;
    expect(bind(v2({ ...offer, extra }))).toMatchObject({ kind: 'bound' });
  });

  test('another memo in the transaction than in the offer', () => {
    expect(bind(v2(offerOf()))).toMatchObject(refusal('invalid_exact_svm_payload_memo_mismatch'));
  });

  test('no memo, or two', async () => {
    const [limit, price, pay, memo] = plainly(offer.extra.memo);
    const none = await signedBy(
      [buyer],
      [limit, price, pay].filter(one => one !== undefined),
    );
    const twice = await signedBy(
      [buyer],
      [limit, price, pay, memo, memo].filter(one => one !== undefined),
    );
    expect(bind(v2(offer, none))).toMatchObject(refusal('invalid_exact_svm_payload_memo_count'));
    expect(bind(v1(twice))).toMatchObject(refusal('invalid_exact_svm_payload_memo_count'));
  });

  test('v1 with two transfers does not say which offer it takes up', async () => {
    const [limit, price, pay, memo] = plainly(offer.extra.memo);
    const paid = await signedBy(
      [buyer],
      [limit, price, pay, transfer(1n), memo].filter(one => one !== undefined),
    );
    expect(bind(v1(paid))).toMatchObject(refusal('invalid_exact_svm_payload_no_transfer_instruction'));
  });

  test('issued under another key', () => {
    expect(bindProof(v2(), LINK, Buffer.alloc(32, 9), NOW)).toMatchObject(refusal('invalid_payment_requirements'));
  });
});

describe('an offer has its time', () => {
  test('to the last second of it, and the slack', () => {
    expect(bind(v2(), LINK, later(MAX_TIMEOUT_SECONDS + 60))).toMatchObject({ kind: 'bound' });
    expect(bind(v2(), LINK, later(MAX_TIMEOUT_SECONDS + 61))).toMatchObject({ kind: 'refused', reason: 'payment_expired' });
    expect(bind(v1(), LINK, later(MAX_TIMEOUT_SECONDS + 61))).toMatchObject({ kind: 'refused', reason: 'payment_expired' });
  });

  test('a little in the future is another process’s clock, more is not ours', () => {
    expect(bind(v2(), LINK, later(-60))).toMatchObject({ kind: 'bound' });
    expect(bind(v2(), LINK, later(-61))).toMatchObject({ kind: 'refused', reason: 'invalid_payment_requirements' });
  });
});
