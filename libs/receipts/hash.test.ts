import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { bodyHash, canonicalJson, receiptHash } from './hash.ts';

/** Taken from a public explorer of v0.2 receipts: what another system hashed, ours must hash alike. */
const foreign = {
  v: '0.2',
  kind: 'spend',
  agent: 'HnDZYMy5Xf7fqHRiuREZhwe31NMZVXkhqDCGfx4yq4To',
  nonce: 2,
  ts: '2026-05-06T14:40:02.453Z',
  policy_v: '0.1',
  request: { method: 'GET', url: 'http://localhost:8801/x/01kqyvpb9fqdg6z2h3kthey33d?network=solana-devnet', body_hash: null },
  decision: 'rejected',
  reason: 'mpp_settlement_pending',
  price: {
    amount: '1000',
    currency: 'USDC',
    network: 'solana-devnet',
    asset: '4zMMC9srt5Ri5X14GAgXhaHii3GnPAEERYPJgZJDncDU',
  },
  facilitator: 'https://devnet-facilitator.leash.market',
  response: { status: 402, body_hash: null },
  prev_receipt_hash: null,
  receipt_hash: 'b4246f96b35b20264d3453be5f5c8546352eee7b16593635881687bbceaabadd',
  protocol: 'mpp',
  mpp_challenge_id: 'a85150b1-dc72-4e8a-a2ea-45b25961f653',
  mpp_credential_type: 'crypto',
  mpp_settlement_tx: '',
  mpp_settlement_slot: '0',
  tx_sig: null,
};

test('a receipt of another system hashes to what it says', () => {
  expect(receiptHash(foreign)).toBe(foreign.receipt_hash);
});

test('the hash is of the canonical JSON without itself, whatever the order of the fields', () => {
  const { receipt_hash, ...rest } = foreign;
  expect(receiptHash(rest)).toBe(receipt_hash);
  expect(receiptHash(Object.fromEntries(Object.entries(foreign).reverse()))).toBe(receipt_hash);
  expect(createHash('sha256').update(canonicalJson(rest)).digest('hex')).toBe(receipt_hash);
});

test('canonical JSON is that of RFC 8785, section 3.2.2', () => {
  const sample = {
    // biome-ignore lint/correctness/noPrecisionLoss: the RFC's own numbers
    numbers: [333333333.33333329, 1e30, 4.5, 2e-3, 0.000000000000000000000000001],
    string: '\u20ac$\u000F\u000aA\'\u0042\u0022\u005c\\"/',
    literals: [null, true, false],
  };
  expect(canonicalJson(sample)).toBe(
    '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],' +
      '"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
  );
  // Keys by UTF-16 code units, section 3.2.3.
  expect(
    Object.keys(JSON.parse(canonicalJson({ '\u20ac': 1, '\r': 2, '\ufb33': 3, '1': 4, '\ud83d\ude00': 5, '\u0080': 6 }))),
  ).toEqual(['1', '\r', '\u0080', '\u20ac', '\ud83d\ude00', '\ufb33']);
});

test('what has no canonical form has no hash', () => {
  for (const value of [{ a: Number.NaN }, { a: '\ud800' }, { a: Number.POSITIVE_INFINITY }]) {
    expect(() => receiptHash(value)).toThrow();
  }
  expect(() => canonicalJson(undefined)).toThrow('no JSON form');
});

test('a body’s hash says which hash it is; no body has none', () => {
  expect(bodyHash('{"ok":true}')).toBe('sha256:4062edaf750fb8074e7e83e0c9028c94e32468a8b6f1614774328ef045150f93');
  expect(bodyHash(Buffer.from('{"ok":true}'))).toBe(bodyHash('{"ok":true}'));
  expect(bodyHash('')).toMatch(/^sha256:e3b0c442/);
  expect(bodyHash(null)).toBeNull();
});
