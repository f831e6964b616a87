import { generateKeyPairSigner } from '@solana/kit';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { openBuyer } from '#apps/dev/buyer';
import { type Stack, startStack } from '#apps/dev/stack';
import type { RefundView } from '#libs/refunds/view';
import { eventually } from '#test/support/eventually';
import { clearFaults, inject } from '#test/support/faults';
import { giveTokens } from '#test/support/funds';
import { violations } from '#test/support/invariants';
import { TEST_PACE } from '#test/support/pace';
import { settledBy, show, signProof } from '#test/support/proofs';
import { served } from '#test/support/served';
import { admin, openShop, type Shop } from '#test/support/shop';
import { rows } from '#test/support/sql';
import { deposit, type Till, tillOf, withdraw } from '#test/support/treasury';

/* What moves a treasury beside payments and refunds is in its books too, once, whoever turns up for it afterwards (I4). */

let stack: Stack;
let shop: Shop;
let till: Till;

beforeAll(async () => {
  stack = await startStack({ env: { ...TEST_PACE, EBB_PACE_BACKOFF_MS: '60000', EBB_PACE_BACKOFF_MAX_MS: '60000' } });
});
beforeEach(async () => {
  shop = await openShop(stack);
  till = await tillOf(shop);
});
afterEach(async () => {
  await clearFaults(stack);
  expect(await violations(stack)).toEqual([]);
});
afterAll(() => stack?.stop());

interface Posting {
  id: string;
  amount: string;
  debit_account: string;
  credit_account: string;
  reverses: string | null;
}

const postings = (signature: string) =>
  rows<Posting>(
    stack,
    `select id, amount::text, debit_account, credit_account, reverses from ledger_transfers
     where signature = $1 and asset = $2 order by created_at, id`,
    [signature, till.asset.mint],
  );
const booked = (signature: string) =>
  eventually('it is booked', async () => {
    const found = await postings(signature);
    return found.length > 0 && found;
  });
const told = async (signature: string) =>
  (await rows<{ kind: string }>(stack, 'select kind from events where tx_sig = $1 order by kind', [signature])).map(
    event => event.kind,
  );
const account = (code: string) => `${code}:${till.treasuryId}`;

/** The scan has read past everything that is final now. */
async function scanned(): Promise<void> {
  const { slots } = await admin<{ slots: { processed: number } }>(stack, 'GET', '/status');
  // Its balance has to change for a scan to look; a tiny deposit does that.
  await booked(await deposit(shop, till, 1n));
  const [row] = await rows<{ scanned_slot: string }>(
    stack,
    'select scanned_slot from treasury_accounts where treasury_id = $1 and mint = $2',
    [till.treasuryId, till.asset.mint],
  );
  expect(Number(row?.scanned_slot)).toBeGreaterThan(slots.processed);
}

/** Has a proof settled by the facilitator, behind Ebb's back: its money is on the chain, and no payment knows of it. */
async function settleElsewhere(proof: Record<string, string>): Promise<string> {
  const payload = JSON.parse(Buffer.from(proof['PAYMENT-SIGNATURE'] ?? '', 'base64').toString()) as { accepted: object };
  const answer = await fetch(`${stack.urls.facilitator}/settle`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${stack.env.EBB_FACILITATOR_TOKEN}` },
    body: JSON.stringify({ x402Version: 2, paymentPayload: payload, paymentRequirements: payload.accepted }),
  });
  const said = (await answer.json()) as { success: boolean; transaction: string };
  expect(said, JSON.stringify(said)).toMatchObject({ success: true });
  return said.transaction;
}

describe('I4: what moves a treasury is booked once, and told:', () => {
  test('a deposit of nobody known stands in suspense', async () => {
    const signature = await deposit(shop, till, 12_345n);
    expect(await booked(signature)).toMatchObject([
      { amount: '12345', debit_account: account('treasury'), credit_account: account('suspense') },
    ]);
    expect(await told(signature)).toEqual(['agent.treasury.funded', 'payment.unmatched']);
  });

  test('a deposit from a wallet that the account has named is the owner’s, and so is what goes back there', async () => {
    const owner = await openBuyer(stack.urls.rpc, Buffer.from(crypto.getRandomValues(new Uint8Array(32))));
    await giveTokens(stack, owner, 50_000n);
    const named = await shop.api.patch('/v1/account/settings', { funding_owners: [owner.address] });
    expect(named).toMatchObject({ status: 200, body: { funding_owners: [owner.address] } });
    const paidIn = await deposit(shop, till, 50_000n, owner.signer);
    expect(await booked(paidIn)).toMatchObject([
      { amount: '50000', debit_account: account('treasury'), credit_account: account('owner_funding') },
    ]);
    expect(await told(paidIn)).toEqual(['agent.treasury.funded']);
    const paidOut = await withdraw(shop, till, 20_000n, owner.address);
    expect(await booked(paidOut)).toMatchObject([
      { amount: '20000', debit_account: account('owner_funding'), credit_account: account('treasury') },
    ]);
    expect(await told(paidOut)).toEqual(['agent.treasury.withdrawn']);
    const [event] = await rows<{ data: object; amount: string }>(
      stack,
      `select data, amount::text from events where tx_sig = $1`,
      [paidOut],
    );
    expect(event).toMatchObject({
      amount: '20000',
      data: { id: till.treasuryId, owner_agent: shop.agent, currency: 'USDC', counterparty: { owner: owner.address } },
    });
  });

  test('a withdrawal to a stranger stands in suspense', async () => {
    await shop.paid();
    const signature = await withdraw(shop, till, 30_000n, (await generateKeyPairSigner()).address);
    expect(await booked(signature)).toMatchObject([
      { amount: '30000', debit_account: account('suspense'), credit_account: account('treasury') },
    ]);
    expect(await told(signature)).toEqual(['agent.treasury.withdrawn']);
  });

  test('payments and refunds are not: the scan knows whose they are', async () => {
    const payment = await shop.paid();
    const refund = await shop.refundIs(await shop.accepted(payment.id, 40_000n), 'succeeded');
    await scanned();
    const codes = async (signature: string) => (await postings(signature)).map(one => one.id.split(':')[0]);
    expect(await codes(payment.tx_sig ?? '')).toEqual([payment.id]);
    expect((await codes(refund.tx_sig ?? '')).includes('seen')).toBe(false);
  });

  test('a payment that is shown only after its money stood in suspense takes it out of there', async () => {
    const proof = await signProof(shop);
    const signature = await settleElsewhere(proof);
    const [seen] = await booked(signature);
    expect(seen).toMatchObject({ amount: '100000', credit_account: account('suspense') });

    const answer = await served(proof, shop.payUrl);
    expect(settledBy(answer)).toBe(signature);
    const payment = await shop.paymentBySignature(signature);
    expect(payment).toMatchObject({ status: 'settled', amount_atomic: '100000' });
    const all = await postings(signature);
    expect(all).toHaveLength(3);
    expect(all.find(one => one.reverses === seen?.id)).toMatchObject({
      debit_account: account('suspense'),
      credit_account: account('treasury'),
    });
    await scanned();
    expect(await postings(signature)).toHaveLength(3);
    await shop.refundIs(await shop.accepted(payment.id), 'succeeded');
  });

  test('a payment that is shown before a scan comes by is booked by itself alone', async () => {
    const proof = await signProof(shop);
    const silent = await inject(stack, { kind: 'unavailable', method: 'getMultipleAccounts' });
    const signature = await settleElsewhere(proof);
    expect((await show(proof, shop.payUrl)).status).toBe(200);
    await silent.clear();
    await scanned();
    expect(await postings(signature)).toMatchObject([{ debit_account: account('treasury') }]);
  });

  test('a refund that somebody else’s transaction has paid takes that out of suspense', async () => {
    const payment = await shop.paid();
    const purse = await shop.buyer.tokenAccount();
    await admin(stack, 'POST', '/account', { address: purse, frozen: true });
    const id = await shop.accepted(payment.id, 40_000n);
    await shop.api.until<RefundView>(`/v1/refunds/${id}`, one => one.waiting?.reason === 'destination_frozen');
    await admin(stack, 'POST', '/account', { address: purse, frozen: false });
    const signature = await withdraw(shop, till, 40_000n, shop.buyer.address);
    const [seen] = await booked(signature);
    expect(seen).toMatchObject({ debit_account: account('suspense') });

    const answer = await shop.api.post<RefundView>(`/v1/refunds/${id}/resolve`, { tx_sig: signature });
    expect(answer, JSON.stringify(answer.body)).toMatchObject({ status: 200, body: { status: 'succeeded', tx_sig: signature } });
    expect((await postings(signature)).find(one => one.reverses === seen?.id)).toBeDefined();
    await scanned();
  });

  test.each([
    ['a gap in its blocks and in its history', ['getBlocks', 'getSignaturesForAddress']],
    ['a list of transactions that it does not have', ['getTransaction']],
  ])('while a node has %s nothing is skipped, and all of it is booked when it is filled', async (_what, methods) => {
    const { slots } = await admin<{ slots: { processed: number } }>(stack, 'GET', '/status');
    const range = { from_slot: slots.processed, to_slot: slots.processed + 100_000 };
    const gaps = await Promise.all(methods.map(method => inject(stack, { kind: 'gap', ...range, method })));
    const signature = await deposit(shop, till, 777n);
    await eventually('scans have met it', async () => (await Promise.all(gaps.map(gap => gap.met()))).every(met => met > 2));
    expect(await postings(signature)).toEqual([]);
    for (const gap of gaps) await gap.clear();
    expect(await booked(signature)).toMatchObject([{ amount: '777' }]);
  });
});
