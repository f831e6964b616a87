import { beforeAll, expect, test } from 'vitest';
import { atoms } from '#libs/money/atoms';
import { ids, USDC } from '#test/support/books';
import { useDatabase } from '#test/support/database';
import { insertAgent, insertPayment, insertRefund } from '#test/support/rows';
import { publishEarn } from './publish-earn.ts';
import { publishRefund } from './publish-refund.ts';
import { publishReversal } from './publish-reversal.ts';
import { listReceipts, receiptByHash } from './read.ts';
import { verifyChain } from './verify.ts';

const database = useDatabase({ max: 16 });
const actor = { type: 'workflow', id: 'settlement:test' };
const at = new Date('2026-11-02T12:00:00.123Z');
type Owner = Awaited<ReturnType<typeof insertAgent>>;
let owner: Owner;

beforeAll(async () => {
  owner = await insertAgent(database.db);
});

async function earn(of: Owner, captured: bigint) {
  const payment = await insertPayment(database.db, of, captured);
  const facts = {
    agent: of.agent.mint,
    request: { method: 'POST', url: 'https://x.test/x/one?é=1', bodyHash: null },
    amount: atoms(captured),
    currency: USDC.currency,
    network: USDC.network,
    asset: USDC.mint,
    facilitator: 'https://facilitator.test',
    txSig: payment.txSig,
    paymentRequirementsHash: 'a'.repeat(64),
    response: { status: 200, bodyHash: `sha256:${'b'.repeat(64)}` },
  };
  const about = { agentId: of.agent.id, accountId: of.accountId, network: USDC.network, paymentId: payment.id, actor, at };
  const receipt = await database.db.tx('settle.record', tx => publishEarn(tx, ids, { ...about, clientReference: 'ref' }, facts));
  return { payment, about, receipt };
}
type Earned = Awaited<ReturnType<typeof earn>>;

async function giveBack(of: Owner, original: Earned, amount: bigint, over: { originalHash?: string } = {}) {
  const refundId = await insertRefund(database.db, of, original.payment.id, amount);
  const facts = {
    agent: of.agent.mint,
    amount: atoms(amount),
    currency: USDC.currency,
    network: USDC.network,
    asset: USDC.mint,
    txSig: `sig_${ids.bare()}`,
    original: { txSig: original.payment.txSig, receiptHash: over.originalHash ?? original.receipt.hash },
    destinationTokenAccount: 'DestinationTokenAccount',
    reason: 'requested_by_customer',
  };
  return database.db.tx('refund.post', tx => publishRefund(tx, ids, { ...original.about, refundId }, facts));
}

const chainOf = async (of: Owner) => (await listReceipts(database.db.read, { agentId: of.agent.id, limit: 1_000 })).toReversed();

test('an earn receipt holds exactly the fields of v0.1, whose old verifiers drop others before they hash', async () => {
  const of = await insertAgent(database.db);
  const { payment, receipt } = await earn(of, 100_000n);
  expect(receipt.body).toEqual({
    v: '0.1',
    kind: 'earn',
    agent: of.agent.mint,
    nonce: 0,
    ts: '2026-11-02T12:00:00.123Z',
    policy_v: '0.1',
    request: { method: 'POST', url: 'https://x.test/x/one?é=1', body_hash: null },
    decision: 'allow',
    reason: null,
    price: { amount: '100000', currency: 'USDC', network: 'solana-devnet', asset: USDC.mint },
    facilitator: 'https://facilitator.test',
    tx_sig: payment.txSig,
    payment_requirements_hash: 'a'.repeat(64),
    response: { status: 200, body_hash: `sha256:${'b'.repeat(64)}` },
    prev_receipt_hash: null,
    receipt_hash: receipt.hash,
  });
});

test('refund receipts number themselves and say what remains, and the chain verifies', async () => {
  const of = await insertAgent(database.db);
  const original = await earn(of, 100_000n);
  const first = await giveBack(of, original, 40_000n);
  await earn(of, 7n);
  const second = await giveBack(of, original, 60_000n);
  expect(first.body).toMatchObject({
    v: '0.3',
    kind: 'refund',
    nonce: 1,
    original_tx_sig: original.payment.txSig,
    original_receipt_hash: original.receipt.hash,
    sequence: 1,
    remaining_refundable_atomic: '60000',
    destination_token_account: 'DestinationTokenAccount',
    reason: 'requested_by_customer',
    prev_receipt_hash: original.receipt.hash,
  });
  expect(second.body).toMatchObject({ nonce: 3, sequence: 2, remaining_refundable_atomic: '0' });
  expect(verifyChain(await chainOf(of))).toEqual({ ok: true, count: 4 });
});

test('I5: no receipt gives back more than its original, nor names one that is not in the chain', async () => {
  const of = await insertAgent(database.db);
  const original = await earn(of, 100n);
  const given = await giveBack(of, original, 70n);
  await expect(giveBack(of, original, 31n)).rejects.toThrow('not an amount of atoms: -1');
  await expect(giveBack(of, original, 1n, { originalHash: given.hash })).rejects.toThrow('not an earn receipt');
  const elsewhere = await earn(owner, 100n);
  await expect(giveBack(of, original, 1n, { originalHash: elsewhere.receipt.hash })).rejects.toThrow('not an earn receipt');
  expect(verifyChain(await chainOf(of))).toEqual({ ok: true, count: 2 });
});

const takeBack = (original: Earned, hash: string) =>
  database.db.tx('refund.reverse', tx => publishReversal(tx, ids, original.about, hash));

test('I5: what was reversed is not counted, and the next receipt says so', async () => {
  const of = await insertAgent(database.db);
  const original = await earn(of, 100n);
  const given = await giveBack(of, original, 70n);
  expect((await takeBack(original, given.hash)).body).toMatchObject({
    v: '0.3',
    kind: 'reversal',
    nonce: 2,
    price: given.body.price,
    tx_sig: given.body.tx_sig,
    voids_receipt_hash: given.hash,
    prev_receipt_hash: given.hash,
  });
  expect((await giveBack(of, original, 100n)).body).toMatchObject({ sequence: 2, remaining_refundable_atomic: '0' });
  expect(verifyChain(await chainOf(of))).toEqual({ ok: true, count: 4 });
});

test('I5: a reversed earn receipt is still an original; nothing is reversed twice, nor what another chain holds', async () => {
  const of = await insertAgent(database.db);
  const original = await earn(of, 100n);
  await takeBack(original, original.receipt.hash);
  expect((await giveBack(of, original, 60n)).body).toMatchObject({ sequence: 1, remaining_refundable_atomic: '40' });
  await expect(takeBack(original, original.receipt.hash)).rejects.toThrow('was reversed before');
  const elsewhere = await earn(owner, 100n);
  await expect(takeBack(original, elsewhere.receipt.hash)).rejects.toThrow('has no receipt');
  expect(verifyChain(await chainOf(of))).toEqual({ ok: true, count: 3 });
});

test('I5: payments and refunds of one agent that are recorded at once make one gapless chain', async () => {
  const of = await insertAgent(database.db);
  const originals = await Promise.all(Array.from({ length: 12 }, (_, i) => earn(of, 100n + BigInt(i))));
  const work = originals.flatMap(original => [giveBack(of, original, 60n), giveBack(of, original, 41n), earn(of, 5n)]);
  const outcomes = await Promise.allSettled(work);
  // 60 + 41 fit all but the first, for whichever of its two came second.
  expect(outcomes.filter(outcome => outcome.status === 'rejected')).toHaveLength(1);
  const chain = await chainOf(of);
  expect(chain.map(receipt => receipt.nonce)).toEqual(Array.from({ length: 12 + 35 }, (_, i) => i));
  expect(verifyChain(chain)).toEqual({ ok: true, count: 47 });
});

test('a transaction that comes to nothing leaves no gap', async () => {
  const of = await insertAgent(database.db);
  await earn(of, 1n);
  const payment = await insertPayment(database.db, of, 2n);
  const abandoned = database.db.tx('settle.record', async tx => {
    const about = { agentId: of.agent.id, accountId: of.accountId, network: USDC.network, paymentId: payment.id, actor, at };
    await publishEarn(tx, ids, about, {
      agent: of.agent.mint,
      request: { method: 'GET', url: 'https://x.test', bodyHash: null },
      amount: atoms(2n),
      currency: USDC.currency,
      network: USDC.network,
      asset: USDC.mint,
      facilitator: null,
      txSig: payment.txSig,
      paymentRequirementsHash: 'c',
      response: { status: 200, bodyHash: null },
    });
    throw new Error('abandoned');
  });
  await expect(abandoned).rejects.toThrow('abandoned');
  await earn(of, 3n);
  expect(verifyChain(await chainOf(of))).toEqual({ ok: true, count: 2 });
});

test('I6: each receipt is told once, whole', async () => {
  const { receipt, payment } = await earn(owner, 9n);
  const events = await database.db.read.selectFrom('events').selectAll().where('object_id', '=', receipt.hash).execute();
  expect(events).toHaveLength(1);
  expect(events[0]).toMatchObject({
    kind: 'receipt.published',
    agent: owner.agent.mint,
    object_type: 'receipt',
    related: { payment_id: payment.id, refund_id: null, receipt_hash: receipt.hash },
    tx_sig: payment.txSig,
    client_reference: 'ref',
    amount: '9',
    data: receipt.body,
  });
});

test('I8: a receipt is found by its own account and network only', async () => {
  const { receipt } = await earn(owner, 9n);
  const other = await insertAgent(database.db);
  const find = (accountId: string, network = USDC.network) =>
    receiptByHash(database.db.read, { accountId, network, hash: receipt.hash });
  expect(await find(owner.accountId)).toEqual(receipt.body);
  expect(await find(other.accountId)).toBeNull();
  expect(await find(owner.accountId, 'solana-mainnet')).toBeNull();
});

test('lists are newest first, below a nonce, of a kind, since a time', async () => {
  const of = await insertAgent(database.db);
  const original = await earn(of, 100n);
  await giveBack(of, original, 1n);
  await giveBack(of, original, 1n);
  const nonces = async (over: object) =>
    (await listReceipts(database.db.read, { agentId: of.agent.id, limit: 10, ...over })).map(receipt => receipt.nonce);
  expect(await nonces({})).toEqual([2, 1, 0]);
  expect(await nonces({ limit: 2 })).toEqual([2, 1]);
  expect(await nonces({ belowNonce: 1 })).toEqual([0]);
  expect(await nonces({ kind: 'refund' })).toEqual([2, 1]);
  expect(await nonces({ since: new Date(Date.now() + 60_000) })).toEqual([]);
  expect(await nonces({ since: new Date(Date.now() - 60_000) })).toEqual([2, 1, 0]);
});

test('a receipt is never changed', async () => {
  const { receipt } = await earn(owner, 9n);
  const change = database.db.read.updateTable('receipts').set({ kind: 'refund' }).where('hash', '=', receipt.hash).execute();
  await expect(change).rejects.toThrow('never updated or deleted');
});
