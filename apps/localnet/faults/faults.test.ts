import { afterEach, beforeEach, expect, test } from 'vitest';
import { ask, Lab, USDC, USDG } from '../testing/lab.ts';
import { tokenAccount } from '../testing/wallets.ts';

let lab: Lab;
beforeEach(async () => {
  lab = await Lab.start();
});
afterEach(() => lab.close());

const fault = (body: Record<string, unknown>) => lab.admin('POST /fault', body);
const met = async (id: number) => (await lab.admin('GET /faults')).met[id];

test('error before accepting: an error, and nothing lands', async () => {
  const { id } = await fault({ kind: 'error_before_accept', method: 'sendTransaction', times: 1 });
  const pay = await lab.payment(100n);
  expect((await lab.send(pay)).body.error?.code).toBe(-32603);
  await lab.jump(2);
  expect(await lab.status(pay)).toBeNull();
  expect(await met(id)).toBe(1);
  expect((await lab.send(pay)).body.result).toBe(pay.signature);
});

test('accept and lose the answer: the connection breaks, and the transaction lands', async () => {
  await fault({ kind: 'accept_lose_answer', method: 'sendTransaction', times: 1 });
  const pay = await lab.payment(100n);
  await expect(lab.send(pay)).rejects.toThrow();
  await lab.jump(1);
  expect((await lab.status(pay)).err).toBeNull();
});

test('accept and answer with an error: the transaction lands all the same', async () => {
  await fault({ kind: 'accept_lose_answer', method: 'sendTransaction', answer: 'error', times: 1 });
  const pay = await lab.payment(100n);
  expect((await lab.send(pay)).body.error?.code).toBe(-32603);
  await lab.jump(1);
  expect((await lab.status(pay)).err).toBeNull();
});

test('never land: a signature in answer, nothing on the chain, and the same bytes may land later', async () => {
  await fault({ kind: 'never_land', method: 'sendTransaction', times: 1 });
  const pay = await lab.payment(100n);
  expect((await lab.send(pay)).body.result).toBe(pay.signature);
  await lab.jump(3);
  expect(await lab.status(pay)).toBeNull();
  await lab.send(pay);
  await lab.jump(1);
  expect((await lab.status(pay)).confirmationStatus).toBe('confirmed');
});

test('delay: before the call, or after it', async () => {
  await fault({ kind: 'delay', method: 'getSlot', ms: 80, times: 1 });
  const began = performance.now();
  await lab.result('getSlot');
  expect(performance.now() - began).toBeGreaterThanOrEqual(75);
});

test('too many requests, service unavailable', async () => {
  await fault({ kind: 'rate_limit', method: 'getSlot', retry_after_s: 7, times: 1 });
  const limited = await fetch(lab.localnet.urls.rpc, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"jsonrpc":"2.0","id":1,"method":"getSlot"}',
  });
  expect([limited.status, limited.headers.get('retry-after')]).toEqual([429, '7']);
  await fault({ kind: 'unavailable', times: 1 });
  expect((await lab.call('getHealth')).status).toBe(503);
});

test('the connection is reset in the middle of the body', async () => {
  await fault({ kind: 'reset_mid_body', method: 'getVersion', times: 1 });
  await expect(lab.call('getVersion')).rejects.toThrow();
  expect((await lab.call('getVersion')).status).toBe(200);
});

test('seen as processed, balances included, and then gone; sent again it lands', async () => {
  await fault({ kind: 'gone', seen: 'processed', slots: 3, method: 'sendTransaction', times: 1 });
  const pay = await lab.payment(100n);
  await lab.send(pay);
  await lab.jump(2);
  expect((await lab.status(pay)).confirmationStatus).toBe('processed');
  expect([await lab.held('processed'), await lab.held('confirmed')]).toEqual(['100', '0']);
  await lab.jump(2);
  expect(await lab.status(pay)).toBeNull();
  expect(await lab.held('processed')).toBe('0');
  await lab.send(pay);
  await lab.jump(1);
  expect(await lab.held('confirmed')).toBe('100');
});

test('seen as confirmed and then gone', async () => {
  await fault({ kind: 'gone', seen: 'confirmed', method: 'sendTransaction', times: 1 });
  const pay = await lab.payment(100n);
  await lab.send(pay);
  await lab.jump(1);
  expect((await lab.status(pay)).confirmationStatus).toBe('confirmed');
  const options = { commitment: 'confirmed', maxSupportedTransactionVersion: 0 };
  expect((await lab.result('getTransaction', pay.signature, options)).meta.err).toBeNull();
  expect(await lab.held('confirmed')).toBe('100');
  await lab.jump(40);
  expect(await lab.status(pay, { searchTransactionHistory: true })).toBeNull();
  expect(await lab.result('getTransaction', pay.signature, options)).toBeNull();
  expect(await lab.held('confirmed')).toBe('0');
});

test('failed on chain: the fee is taken, nothing else moves, and the error is final', async () => {
  await fault({ kind: 'fail_on_chain', err: { InstructionError: [1, { Custom: 17 }] }, method: 'sendTransaction', times: 1 });
  const pay = await lab.payment(100n);
  const before = (await lab.result('getBalance', lab.sponsor.address, { commitment: 'confirmed' })).value;
  await lab.send(pay);
  await lab.jump(1);
  expect((await lab.status(pay)).err).toEqual({ InstructionError: [1, { Custom: 17 }] });
  expect((await lab.result('getBalance', lab.sponsor.address, { commitment: 'confirmed' })).value).toBe(before - 10_000);
  expect(await lab.held('confirmed')).toBe('0');
  await lab.send(pay);
  await lab.jump(40);
  expect((await lab.status(pay)).confirmationStatus).toBe('finalized');
});

test('an error at processed that turns into success', async () => {
  await fault({ kind: 'error_then_success', slots: 2, method: 'sendTransaction', times: 1 });
  const pay = await lab.payment(100n);
  await lab.send(pay);
  await lab.jump(1);
  expect(await lab.status(pay)).toMatchObject({ confirmationStatus: 'processed', err: { InstructionError: [0, { Custom: 1 }] } });
  await lab.jump(2);
  await lab.jump(1);
  expect(await lab.status(pay)).toMatchObject({ confirmationStatus: 'confirmed', err: null });
  expect(await lab.held('confirmed')).toBe('100');
});

test('a node that lags, on a port of its own', async () => {
  const pay = await lab.payment(100n);
  await lab.send(pay);
  await lab.jump(5);
  const lagging = (method: string, ...params: unknown[]) => ask(lab.localnet.urls.lagging_rpc, method, ...params);
  const behind =
    (await lab.result('getSlot', { commitment: 'processed' })) -
    (await lagging('getSlot', { commitment: 'processed' })).body.result;
  expect(behind).toBe(20);
  expect(
    (await lagging('getSignatureStatuses', [pay.signature], { searchTransactionHistory: true })).body.result.value[0],
  ).toBeNull();
  const held = await lagging('getTokenAccountBalance', await tokenAccount(lab.treasury, USDC), { commitment: 'confirmed' });
  expect(held.body.result.value.amount).toBe('0');
  await lab.admin('POST /lag', { slots: 200 });
  expect((await lagging('getHealth')).body.error).toMatchObject({ code: -32005, message: 'Node is behind by 200 slots' });
});

test('a gap in history: its blocks, statuses and transactions are missing, on one node only', async () => {
  const pay = await lab.payment(100n);
  await lab.send(pay);
  await lab.jump(40);
  const { slot } = await lab.status(pay);
  await fault({ kind: 'gap', from_slot: slot - 1, to_slot: slot + 1, node: 'main' });
  expect(await lab.status(pay, { searchTransactionHistory: true })).toBeNull();
  const blocks = await lab.result('getBlocks', slot - 3, slot + 3, { commitment: 'confirmed' });
  expect(blocks).toEqual([slot - 3, slot - 2, slot + 2, slot + 3]);
  await lab.admin('POST /lag', { slots: 0 });
  const other = await ask(lab.localnet.urls.lagging_rpc, 'getSignatureStatuses', [pay.signature]);
  expect(other.body.result.value[0].err).toBeNull();
});

test('a load balancer: height from one node, status from another', async () => {
  const pay = await lab.payment(100n);
  await lab.send(pay);
  await lab.jump(3);
  await fault({ kind: 'lag', slots: 10, method: 'getSignatureStatuses', times: 1 });
  const height = await lab.result('getBlockHeight', { commitment: 'confirmed' });
  const behind = await lab.result('getSignatureStatuses', [pay.signature]);
  expect(behind.value[0]).toBeNull();
  expect(behind.context.slot).toBeLessThan(await lab.result('getSlot', { commitment: 'confirmed' }));
  expect(height).toBeGreaterThan(0);
  expect((await lab.status(pay)).err).toBeNull();
});

test('statuses forgotten: after 300 blocks by themselves, or by decree; history still knows', async () => {
  const pay = await lab.payment(100n);
  await lab.send(pay);
  await lab.jump(40);
  await fault({ kind: 'forget_statuses', signature: pay.signature, times: 2 });
  expect(await lab.status(pay)).toBeNull();
  expect((await lab.status(pay, { searchTransactionHistory: true })).confirmationStatus).toBe('finalized');
  expect((await lab.status(pay)).confirmationStatus).toBe('finalized');
  await fault({ kind: 'forget_statuses', signature: pay.signature, history: true, times: 1 });
  expect(await lab.status(pay, { searchTransactionHistory: true })).toBeNull();
  await lab.jump(340);
  expect(await lab.status(pay)).toBeNull();
  expect((await lab.status(pay, { searchTransactionHistory: true })).confirmationStatus).toBe('finalized');
});

test('accounts frozen, taken over, closed; a sponsor without SOL', async () => {
  const account = await tokenAccount(lab.treasury, USDC);
  await lab.admin('POST /account', { address: account, frozen: true });
  await lab.jump(1);
  const refused = await lab.send(await lab.payment(100n), { preflightCommitment: 'processed' });
  expect(refused.body.error?.message).toBe(
    'Transaction simulation failed: Error processing Instruction 1: custom program error: 0x11',
  );
  await lab.admin('POST /account', { address: account, frozen: false, owner: lab.buyer.address });
  await lab.jump(1);
  const info = await lab.result('getAccountInfo', account, { encoding: 'jsonParsed', commitment: 'processed' });
  expect(info.value.data.parsed.info.owner).toBe(lab.buyer.address);
  await lab.admin('POST /account', { address: account, closed: true });
  await lab.admin('POST /account', { address: lab.sponsor.address, lamports: '0' });
  await lab.jump(1);
  expect((await lab.result('getAccountInfo', account, { commitment: 'processed' })).value).toBeNull();
  const poor = await lab.send(await lab.payment(100n), { preflightCommitment: 'processed' });
  expect(poor.body.error?.data).toMatchObject({ err: 'AccountNotFound' });
});

test('a mint paused: USDG stands still, and moves again', async () => {
  await lab.admin('POST /mint', { mint: USDG, paused: true });
  await expect(lab.admin('POST /mint-to', { owner: lab.buyer.address, mint: USDG, amount_atomic: '5' })).rejects.toThrow(
    'faucet failed',
  );
  await lab.admin('POST /mint', { mint: USDG, paused: false });
  await lab.admin('POST /mint-to', { owner: lab.buyer.address, mint: USDG, amount_atomic: '5' });
  await expect(lab.admin('POST /mint', { mint: USDC, paused: true })).rejects.toThrow('cannot be changed so');
});

test('clock and slot jumps: time by decree, heights with the slots unless they are skipped', async () => {
  const [slot, height] = [await lab.result('getSlot'), await lab.result('getBlockHeight')];
  await lab.jump(100);
  await lab.jump(50, true);
  expect([await lab.result('getSlot'), await lab.result('getBlockHeight')].map((v, i) => v - [slot, height][i])).toEqual([
    101, 101,
  ]);
  await lab.jump(40);
  expect((await lab.result('getSlot')) - slot).toBeGreaterThan((await lab.result('getBlockHeight')) - height);
  await lab.admin('POST /clock', { offset_s: 86_400 });
  const pay = await lab.payment(1n);
  await lab.send(pay);
  await lab.jump(1);
  const { blockTime } = await lab.result('getTransaction', pay.signature, {
    commitment: 'confirmed',
    maxSupportedTransactionVersion: 0,
  });
  expect(blockTime - Date.now() / 1_000).toBeGreaterThan(86_000);
});
