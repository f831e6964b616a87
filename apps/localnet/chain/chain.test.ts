import { createHash, createPublicKey, verify } from 'node:crypto';
import { getTransferSolInstruction } from '@solana-program/system';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Lab, USDC, USDG } from '../testing/lab.ts';
import { memo, signed, tokenAccount, wallet } from '../testing/wallets.ts';
import { addressBytes } from './base58.ts';
import { chainKey } from './keys.ts';

let lab: Lab;
beforeEach(async () => {
  lab = await Lab.start();
});
afterEach(() => lab.close());

test('a transaction is processed, then confirmed, then finalized, and balances follow', async () => {
  const pay = await lab.payment(100n);
  await lab.send(pay);
  expect(await lab.status(pay)).toBeNull();
  expect(await lab.held('processed')).toBe('0');
  lab.localnet.chain.heads.openSlot(lab.localnet.chain.heads.open + 1);
  expect((await lab.status(pay)).confirmationStatus).toBe('processed');
  expect([await lab.held('processed'), await lab.held('confirmed')]).toEqual(['100', '0']);
  lab.localnet.chain.heads.confirm();
  expect((await lab.status(pay)).confirmationStatus).toBe('confirmed');
  expect([await lab.held('confirmed'), await lab.held('finalized')]).toEqual(['100', '0']);
  await lab.jump(30);
  expect((await lab.status(pay)).confirmationStatus).toBe('confirmed');
  await lab.jump(1);
  expect((await lab.status(pay)).confirmationStatus).toBe('finalized');
  expect(await lab.held('finalized')).toBe('100');
});

test('the same bytes land once, however often they are sent', async () => {
  const pay = await lab.payment(100n);
  for (let i = 0; i < 8; i++) {
    expect((await lab.send(pay)).body.result).toBe(pay.signature);
    await lab.jump(1);
  }
  expect(await lab.held('confirmed')).toBe('100');
  const again = await lab.send(pay, { preflightCommitment: 'confirmed' });
  expect(again.body.error?.message).toBe('Transaction simulation failed: This transaction has already been processed');
});

test('one message signed twice, both signatures good, lands once: it is the message that counts', async () => {
  const pay = await signed(lab.sponsor, await lab.lifetime(), [memo('twice?')]);
  const message = Buffer.from(pay.message);
  const other = anotherSignature(new Uint8Array(32).fill(31), message);
  const spki = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), Buffer.from(addressBytes(lab.sponsor.address))]);
  expect(verify(null, message, createPublicKey({ key: spki, format: 'der', type: 'spki' }), other)).toBe(true);
  await lab.send(pay);
  const wire = Buffer.concat([Buffer.from([1]), other, message]).toString('base64');
  const { result: signature } = (await lab.call('sendTransaction', wire, { encoding: 'base64', skipPreflight: true })).body;
  expect(signature).not.toBe(pay.signature);
  await lab.jump(1);
  const { value } = await lab.result('getSignatureStatuses', [pay.signature, signature]);
  expect([value[0].err, value[1]]).toEqual([null, null]);
});

test('two builds of one payment with different blockhashes both land: the chain does not know that they are one', async () => {
  const first = await lab.payment(100n);
  await lab.jump(1);
  const second = await lab.payment(100n);
  await lab.send(first);
  await lab.send(second);
  await lab.jump(1);
  expect(await lab.held('confirmed')).toBe('200');
});

test('a blockhash is good up to its last valid height, and not in the block after the next', async () => {
  const [inTime, late] = [await lab.payment(1n), await lab.payment(2n)];
  const last = Number(inTime.lifetime.lastValidBlockHeight);
  const height = await lab.result('getBlockHeight', { commitment: 'processed' });
  await lab.jump(last - height);
  expect(await lab.result('getBlockHeight', { commitment: 'processed' })).toBe(last);
  await lab.send(inTime);
  await lab.jump(1);
  expect((await lab.status(inTime)).err).toBeNull();
  await lab.send(late);
  await lab.jump(1);
  expect(await lab.status(late)).toBeNull();
  expect((await lab.result('isBlockhashValid', late.lifetime.blockhash, { commitment: 'processed' })).value).toBe(false);
});

test('an expired transaction is provably absent: height past, no block missing, null from history', async () => {
  await lab.admin('POST /fault', { kind: 'never_land', method: 'sendTransaction', times: 1 });
  const pay = await lab.payment(100n);
  const sentAt = await lab.result('getEpochInfo', { commitment: 'finalized' });
  await lab.send(pay);
  await lab.jump(200);
  const now = await lab.result('getEpochInfo', { commitment: 'finalized' });
  expect(now.blockHeight).toBeGreaterThan(Number(pay.lifetime.lastValidBlockHeight));
  const answer = await lab.result('getSignatureStatuses', [pay.signature], { searchTransactionHistory: true });
  expect(answer.value[0]).toBeNull();
  expect(answer.context.slot).toBeGreaterThanOrEqual(now.absoluteSlot);
  const blocks = await lab.result('getBlocks', sentAt.absoluteSlot, now.absoluteSlot, { commitment: 'finalized' });
  expect(blocks.length - 1).toBe(now.blockHeight - sentAt.blockHeight);
  await lab.send(pay);
  await lab.jump(1);
  expect(await lab.status(pay, { searchTransactionHistory: true })).toBeNull();
});

test('a bad signature and a failing fee payer are accepted without preflight and never land; money that comes later lets the second land', async () => {
  const pay = await lab.payment(5n);
  const forged = new Uint8Array(pay.bytes);
  forged.set([(forged[10] ?? 0) ^ 1], 10);
  expect(
    (await lab.call('sendTransaction', Buffer.from(forged).toString('base64'), { encoding: 'base64', skipPreflight: true })).body
      .result,
  ).toBeTypeOf('string');
  const poor = await wallet(77);
  const late = await signed(poor, await lab.lifetime(), [memo('later')]);
  await lab.send(late, { skipPreflight: true });
  await lab.jump(1);
  expect(await lab.status(late)).toBeNull();
  expect(await lab.held('processed')).toBe('0');
  await lab.admin('POST /airdrop', { address: poor.address, lamports: '1000000' });
  await lab.jump(5);
  await lab.jump(1);
  expect((await lab.status(late)).err).toBeNull();
});

test('the fee is what the message says, and what the payer loses', async () => {
  const pay = await lab.build([
    getTransferSolInstruction({ source: lab.sponsor, destination: (await wallet(78)).address, amount: 1_000_000n }),
  ]);
  const fee = (await lab.result('getFeeForMessage', Buffer.from(pay.message).toString('base64'), { commitment: 'confirmed' }))
    .value;
  const before = (await lab.result('getBalance', lab.sponsor.address, { commitment: 'confirmed' })).value;
  await lab.send(pay);
  await lab.jump(1);
  expect((await lab.result('getBalance', lab.sponsor.address, { commitment: 'confirmed' })).value).toBe(before - fee - 1_000_000);
});

test('the faucet gives as often as it is asked, also in one slot', async () => {
  const { address } = await wallet(79);
  const signatures = new Set();
  for (let i = 0; i < 3; i++) signatures.add(await lab.result('requestAirdrop', address, 1_000_000));
  await lab.jump(1);
  expect(signatures.size).toBe(3);
  expect((await lab.result('getBalance', address, { commitment: 'confirmed' })).value).toBe(3_000_000);
});

test('minting by the admin is a transaction, keeps the mint authority, and works for Token-2022', async () => {
  const { signature } = await lab.admin('POST /mint-to', { owner: lab.buyer.address, mint: USDG, amount_atomic: '123' });
  await lab.jump(1);
  const account = await tokenAccount(lab.buyer, USDG, 'TokenzQdBNbLqP5VEhdkAS6EPFLC1PHnBqCXEpPxuEb' as never);
  expect((await lab.result('getTokenAccountBalance', account, { commitment: 'confirmed' })).value.amount).toBe('123');
  const history = await lab.result('getSignaturesForAddress', account, { commitment: 'confirmed' });
  expect(history.map((h: { signature: string }) => h.signature)).toEqual([signature]);
  for (const mint of [USDC, USDG]) {
    const info = await lab.result('getAccountInfo', mint, { encoding: 'jsonParsed', commitment: 'confirmed' });
    expect(info.value.data.parsed.info.mintAuthority).toBe(lab.localnet.chain.mintAuthority);
  }
});

test('numbers beyond 2^53 are written digit by digit', async () => {
  const response = await fetch(lab.localnet.urls.rpc, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      jsonrpc: '2.0',
      id: 1,
      method: 'getAccountInfo',
      params: [await tokenAccount(lab.buyer, USDC), { encoding: 'base64' }],
    }),
  });
  expect(await response.text()).toContain('"rentEpoch":18446744073709551615');
});

const ORDER = 2n ** 252n + 27742317777372353535851937790883648493n;
const number = (bytes: Buffer): bigint => BigInt(`0x${Buffer.from(bytes).reverse().toString('hex')}`);
const scalar = (seed: Uint8Array): bigint => {
  const hash = createHash('sha512').update(seed).digest().subarray(0, 32);
  hash.set([(hash[0] ?? 0) & 248], 0);
  hash.set([((hash[31] ?? 0) & 127) | 64], 31);
  return number(hash);
};

/** Signs with a random number of our own choosing instead of the one that RFC 8032 derives: a second good signature. */
function anotherSignature(seed: Uint8Array, message: Buffer): Buffer {
  const nonce = new Uint8Array(32).fill(200);
  const [r, publicKey] = [chainKey(nonce).publicKey, chainKey(seed).publicKey];
  const k = number(createHash('sha512').update(r).update(publicKey).update(message).digest()) % ORDER;
  const s = (scalar(nonce) + k * scalar(seed)) % ORDER;
  return Buffer.concat([r, Buffer.from(s.toString(16).padStart(64, '0'), 'hex').reverse()]);
}
