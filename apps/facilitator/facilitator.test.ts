import { findAssociatedTokenPda } from '@solana-program/token';
import { expect, test } from 'vitest';
import { mustDecode } from '#libs/chain/decode';
import { transferChecked } from '#libs/chain/transaction.fixture';
import { atoms } from '#libs/money/atoms';
import { storeSettlement } from '#libs/paywall/sponsor/settlements';
import { limit, memo, price, signedBy } from '#libs/paywall/x402/payment.fixture';
import { cosign } from './cosign.ts';
import { TOKEN, USDC, useFacilitator } from './facilitator.fixture.ts';

const at = useFacilitator();
const rowOf = async (payment: { wire: Uint8Array }) => {
  const hash = mustDecode(payment.wire).messageHash;
  return (await at.rows()).find(row => row.message_hash.equals(hash)) ?? null;
};
const _post = (path: string, body: object, headers: Record<string, string> = { authorization: `Bearer ${TOKEN}` }) =>
  fetch(at.url + path, {
    method: 'POST',
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/json', ...headers },
  });

test('the official client’s payment is verified, co-signed, stored and confirmed', async () => {
  const before = await at.received();
  const payment = await at.pay(at.offer());
  expect(await at.client().verify('settle.verify', payment)).toEqual({ kind: 'valid', payer: at.keys.buyer.address });
  expect(await rowOf(payment)).toBeNull();
  const settled = await at.client().settle('settle.submit', payment);
  expect(settled).toMatchObject({ kind: 'success' });
  expect(await at.received()).toBe(before + 100_000n);
  expect(await rowOf(payment)).toMatchObject({
    signature: settled.signature,
    outcome: 'confirmed',
    payer: at.keys.buyer.address,
    account: 'acct_1',
    lamports: '10001',
  });
});

test('I2: settled again, by many at once and by two processes, it is one transaction and one payment', async () => {
  const before = await at.received();
  const payment = await at.pay(at.offer());
  const clients = [at.client(), at.client(await at.start())];
  const answers = await Promise.all([0, 1, 0, 1, 0, 1].map(n => clients[n]?.settle('settle.submit', payment)));
  const again = await at.client().settle('settle.submit', payment);
  expect(new Set([...answers, again].map(one => JSON.stringify(one))).size).toBe(1);
  expect(again).toMatchObject({ kind: 'success' });
  expect(await at.received()).toBe(before + 100_000n);
});

test('a settled payment still verifies: its bytes were valid when they were signed', async () => {
  const payment = await at.pay(at.offer());
  await at.client().settle('settle.submit', payment);
  expect(await at.client().verify('settle.verify', payment)).toMatchObject({ kind: 'valid' });
});

test.each<[string, object]>([
  ['the RPC takes it and the answer is lost', { kind: 'accept_lose_answer', method: 'sendTransaction', times: 1 }],
  ['the RPC errs before it takes it', { kind: 'error_before_accept', method: 'sendTransaction', times: 1 }],
  ['the RPC takes it and it never lands, the first time', { kind: 'never_land', method: 'sendTransaction', times: 1 }],
  ['the RPC does not answer for its status', { kind: 'unavailable', method: 'getSignatureStatuses', times: 2 }],
])('I3: %s: the same bytes are sent until they are confirmed', async (_, fault) => {
  const before = await at.received();
  const payment = await at.pay(at.offer());
  await at.fault(fault);
  expect(await at.client().settle('settle.submit', payment)).toMatchObject({ kind: 'success' });
  expect(await at.received()).toBe(before + 100_000n);
});

test('I3: what does not land in time is pending with its signature, and goes on with the bytes that were stored', async () => {
  const payment = await at.pay(at.offer());
  await at.fault({ kind: 'never_land', method: 'sendTransaction', times: 4 });
  const pending = await at.client().settle('settle.submit', payment);
  expect(pending).toMatchObject({ kind: 'failed', reason: 'settlement_pending', signature: expect.any(String) });
  const stored = await rowOf(payment);
  expect(stored).toMatchObject({ outcome: 'sent', signature: pending.signature });
  let later = pending;
  for (let tries = 0; later.kind !== 'success' && tries < 10; tries++) later = await at.client().settle('settle.submit', payment);
  expect(later).toEqual({ kind: 'success', signature: pending.signature });
  expect((await rowOf(payment))?.wire).toEqual(stored?.wire);
});

test('I3: what was confirmed and is gone is sent again, the same bytes, when it is settled again', async () => {
  const before = await at.received();
  const payment = await at.pay(at.offer());
  await at.fault({ kind: 'gone', seen: 'confirmed', slots: 10, method: 'sendTransaction', times: 1 });
  const settled = await at.client().settle('settle.submit', payment);
  expect(settled).toMatchObject({ kind: 'success' });
  await at.jump(60);
  expect(await at.received()).toBe(before);
  expect(await at.client().settle('settle.submit', payment)).toEqual(settled);
  expect(await at.received()).toBe(before + 100_000n);
});

test('what was confirmed is a success from the record while no node answers', async () => {
  const payment = await at.pay(at.offer());
  const settled = await at.client().settle('settle.submit', payment);
  await at.fault({ kind: 'unavailable', method: 'getSignatureStatuses', times: 1 });
  expect(await at.client().settle('settle.submit', payment)).toEqual(settled);
});

test('I3: an RPC that does not answer says nothing about a payment', async () => {
  const payment = await at.pay(at.offer());
  await at.fault({ kind: 'unavailable', method: 'simulateTransaction', times: 2 });
  expect(await at.client().verify('settle.verify', payment)).toMatchObject({ kind: 'unavailable' });
  expect(await at.client().settle('settle.submit', payment)).toMatchObject({ kind: 'unavailable' });
  expect(await rowOf(payment)).toBeNull();
  expect(await at.client().settle('settle.submit', payment)).toMatchObject({ kind: 'success' });
});

test('I3: a failure on chain is pending until it is final', async () => {
  const { keys } = at;
  const ata = async (owner: string) =>
    (
      await findAssociatedTokenPda({
        mint: USDC.mint,
        owner: owner as typeof keys.buyer.address,
        tokenProgram: USDC.tokenProgram,
      })
    )[0];
  const offer = at.offer(5_000_000n);
  const { value } = await at.rpc().getLatestBlockhash().send();
  const pay = transferChecked(
    { source: await ata(keys.pauper.address), authority: keys.pauper.address },
    { mint: USDC.mint, destination: await ata(keys.merchant.address) },
    5_000_000n,
  );
  const wire = await signedBy(
    [keys.pauper],
    [limit(20_000), price(1n), pay, memo(offer.extra.memo)],
    keys.sponsor.address,
    value.blockhash,
  );
  const payment = { wire: Buffer.from(wire, 'base64'), requirements: offer, accountId: 'acct_1' };
  expect(await at.client().settle('settle.submit', payment)).toMatchObject({
    reason: 'invalid_exact_svm_transaction_simulation_failed',
    signature: null,
  });
  expect(await rowOf(payment)).toBeNull();

  // As if the money had gone between simulation and landing: the bytes are stored already.
  const transaction = mustDecode(payment.wire);
  const signed = await cosign(keys.sponsor, transaction);
  const budget = { hour: 10n ** 12n, day: 10n ** 12n };
  await at.books.db.tx('facilitator.store', tx =>
    storeSettlement(
      tx,
      { payer: budget, account: budget },
      {
        ...signed,
        messageHash: transaction.messageHash,
        network: 'solana-devnet',
        payer: keys.pauper.address,
        account: 'acct_1',
        lamports: atoms(10_001n),
        requirements: offer,
      },
    ),
  );
  const first = await at.client().settle('settle.submit', payment);
  expect(first).toMatchObject({ kind: 'failed', reason: 'settlement_pending', signature: signed.signature });
  expect(await rowOf(payment)).toMatchObject({ outcome: 'sent' });
  await at.jump(64);
  const last = await at.client().settle('settle.submit', payment);
  expect(last).toMatchObject({ kind: 'failed', reason: 'invalid_exact_svm_transaction_failed', signature: signed.signature });
  expect(await rowOf(payment)).toMatchObject({ outcome: 'failed' });
});

test('what would drain the sponsor is refused by both routes, and nothing is signed', async () => {
  const { keys } = at;
  const offer = at.offer();
  const { value } = await at.rpc().getLatestBlockhash().send();
  const ata = async (owner: typeof keys.buyer.address) =>
    (await findAssociatedTokenPda({ mint: USDC.mint, owner, tokenProgram: USDC.tokenProgram }))[0];
  const pay = transferChecked(
    { source: await ata(keys.buyer.address), authority: keys.buyer.address },
    { mint: USDC.mint, destination: await ata(keys.merchant.address) },
    100_000n,
  );
  const wire = await signedBy(
    [keys.buyer],
    [limit(1_400_000), price(5_000_000n), pay, memo(offer.extra.memo)],
    keys.sponsor.address,
    value.blockhash,
  );
  const payment = { wire: Buffer.from(wire, 'base64'), requirements: offer, accountId: 'acct_1' };
  const reason = 'invalid_exact_svm_payload_transaction_instructions_compute_price_instruction_too_high';
  expect(await at.client().verify('settle.verify', payment)).toMatchObject({ kind: 'invalid', reason });
  expect(await at.client().settle('settle.submit', payment)).toMatchObject({ kind: 'failed', reason, signature: null });
  expect(await rowOf(payment)).toBeNull();
});

test('an offer of another sponsor, another price or no memo is refused', async () => {
  const offer = at.offer();
  const { wire } = await at.pay(offer);
  const verify = (requirements: object) => at.client().verify('settle.verify', { wire, requirements, accountId: 'acct_1' });
  expect(await verify({ ...offer, amount: '99999' })).toMatchObject({
    kind: 'invalid',
    reason: 'invalid_exact_svm_payload_amount_mismatch',
  });
  expect(await verify({ ...offer, extra: { ...offer.extra, feePayer: at.keys.buyer.address } })).toMatchObject({
    reason: 'invalid_exact_svm_fee_payer_not_managed_by_facilitator',
  });
  expect(await verify({ ...offer, extra: { feePayer: offer.extra.feePayer } })).toMatchObject({
    kind: 'invalid',
    reason: 'invalid_payload',
  });
  expect(await verify({ ...offer, network: 'solana:5eykt4UsFv8P8NJdTREpY1vzqKqZKvdp' })).toMatchObject({
    kind: 'invalid',
    reason: 'invalid_network',
  });
});

test('when the budget is spent, both routes say so before anything is signed', async () => {
  const spent = at.client(await at.start({ EBB_SPONSOR_ACCOUNT_HOUR_LAMPORTS: '10000' }));
  const payment = { ...(await at.pay(at.offer())), accountId: 'acct_poor' };
  expect(await spent.verify('settle.verify', payment)).toMatchObject({ kind: 'invalid', reason: 'sponsor_budget_exceeded' });
  expect(await spent.settle('settle.submit', payment)).toMatchObject({
    kind: 'failed',
    reason: 'sponsor_budget_exceeded',
    signature: null,
  });
  expect(await rowOf(payment)).toBeNull();
});
