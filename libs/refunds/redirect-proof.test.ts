import { generateKeyPairSigner, getAddressEncoder, getBase58Decoder, signBytes } from '@solana/kit';
import { expect, test } from 'vitest';
import { asOwner } from '#libs/money/solana-types';
import { type RedirectClaim, redirectBytes, redirectText, signedByPayer } from './redirect-proof.ts';

const payer = await generateKeyPairSigner();
const stranger = await generateKeyPairSigner();
const claim: RedirectClaim = {
  network: 'solana-devnet',
  payment_id: 'pay_1',
  refund_id: null,
  owner: stranger.address,
  amount_atomic: '40000',
  expires_at: '2026-12-01T00:00:00.000Z',
  nonce: 'n0nce_-12',
};
const sign = async (signer: typeof payer, bytes: Uint8Array) =>
  getBase58Decoder().decode(await signBytes(signer.keyPair.privateKey, bytes));
const signed = async (signer: typeof payer, of: RedirectClaim, version: 0 | 1) =>
  sign(signer, redirectBytes(signer.address, redirectText(of))[version] ?? new Uint8Array());

test('the text is the one of the API', () => {
  expect(redirectText(claim)).toBe(
    `ebb:redirect:v1:solana-devnet:pay_1:-:${stranger.address}:40000:2026-12-01T00:00:00.000Z:n0nce_-12`,
  );
  expect(redirectText({ ...claim, refund_id: 're_1' })).toContain(':pay_1:re_1:');
});

test('version 0 is laid out as Solana’s off-chain message format says, byte by byte', () => {
  const text = redirectText(claim);
  const length = Buffer.alloc(2);
  length.writeUInt16LE(text.length);
  const expected = Buffer.concat([
    Buffer.from([0xff]),
    Buffer.from('solana offchain'),
    Buffer.from([0]),
    Buffer.alloc(32),
    Buffer.from([0, 1]),
    Buffer.from(getAddressEncoder().encode(payer.address)),
    length,
    Buffer.from(text),
  ]);
  expect(Buffer.from(redirectBytes(payer.address, text)[0] ?? [])).toEqual(expected);
});

test('the payer’s signature holds, in either version', async () => {
  for (const version of [0, 1] as const) {
    expect(await signedByPayer(asOwner(payer.address), claim, await signed(payer, claim, version))).toBe(true);
  }
});

test('a signature over anything else, by anyone else, or of the bare text does not', async () => {
  const others: Partial<RedirectClaim>[] = [
    { network: 'solana-mainnet' },
    { payment_id: 'pay_2' },
    { refund_id: 're_1' },
    { owner: payer.address },
    { amount_atomic: '40001' },
    { expires_at: '2027-12-01T00:00:00.000Z' },
    { nonce: 'n0nce_-13' },
  ];
  for (const other of others) {
    expect(await signedByPayer(asOwner(payer.address), claim, await signed(payer, { ...claim, ...other }, 0))).toBe(false);
  }
  const by = (signature: string) => signedByPayer(asOwner(payer.address), claim, signature);
  expect(await by(await signed(stranger, claim, 0))).toBe(false);
  const claimedByPayer = redirectBytes(payer.address, redirectText(claim))[0] ?? new Uint8Array();
  expect(await by(await sign(stranger, claimedByPayer))).toBe(false);
  expect(await by(await sign(payer, new TextEncoder().encode(redirectText(claim))))).toBe(false);
  expect(await by('not base58 0OIl')).toBe(false);
  expect(await by('1'.repeat(64))).toBe(false);
});
