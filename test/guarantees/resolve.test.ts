import { type Base64EncodedWireTransaction, createSolanaRpc, generateKeyPairSigner, lamports } from '@solana/kit';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { type Stack, startStack } from '#apps/dev/stack';
import { openSigner } from '#libs/accounts/treasury-keys';
import { readConfig } from '#libs/config/config';
import { assetOf } from '#libs/money/assets';
import { atoms } from '#libs/money/atoms';
import { asOwner, asTokenAccount } from '#libs/money/solana-types';
import { openParts } from '#libs/parts';
import type { RefundPreview } from '#libs/refunds/preview';
import type { RefundView } from '#libs/refunds/view';
import { signBytes } from '#libs/transfers/attempts';
import { buildTransfer } from '#libs/transfers/build';
import { eventually } from '#test/support/eventually';
import { violations } from '#test/support/invariants';
import { TEST_PACE } from '#test/support/pace';
import { refundsOnChain } from '#test/support/refunds-on-chain';
import { admin, openShop, type Shop } from '#test/support/shop';
import { rows } from '#test/support/sql';
import { operator } from '#test/support/temporal';

const AMOUNT = 1_000n;
const USDC = assetOf('solana-devnet', 'USDC');

let stack: Stack;
let shop: Shop;
let payment: string;

beforeAll(async () => {
  stack = await startStack({ env: { ...TEST_PACE, EBB_MAX_LEG_DEVNET_ATOMIC: '2000' } });
  shop = await openShop(stack);
  payment = (await shop.paid()).id;
  await createSolanaRpc(stack.urls.rpc).requestAirdrop(shop.buyer.address, lamports(1_000_000_000n)).send();
});
afterEach(async () => expect(await violations(stack)).toEqual([]));
afterAll(() => stack?.stop());

const freeze = async (frozen: boolean) => admin(stack, 'POST', '/account', { address: await shop.buyer.tokenAccount(), frozen });
const resolve = (id: string, body: object) => shop.api.post<RefundView & { code?: string }>(`/v1/refunds/${id}/resolve`, body);
const outcomes = async (id: string) =>
  (await rows<{ outcome: string }>(stack, 'select outcome from workflow_outcomes where object_id = $1', [id])).map(
    row => row.outcome,
  );

/** Pays from the treasury to the buyer without Ebb, as one who holds its key could; the buyer pays the network. Final when it returns. */
async function paidByHand(amount: bigint): Promise<string> {
  const parts = await openParts(readConfig({ ...stack.env }), 'someone-else');
  try {
    const [row] = await rows<{ treasury_id: string; owner: string; token_account: string }>(
      stack,
      `select p.treasury_id, t.owner, a.token_account from payments p join treasuries t on t.id = p.treasury_id
       join treasury_accounts a on a.treasury_id = t.id and a.mint = p.asset where p.id = $1`,
      [payment],
    );
    if (!row) throw new Error('no treasury');
    const rpc = createSolanaRpc(stack.urls.rpc);
    const { value } = await rpc.getLatestBlockhash({ commitment: 'confirmed' }).send();
    const transaction = buildTransfer(
      {
        feePayer: asOwner(shop.buyer.address),
        authority: asOwner(row.owner),
        source: asTokenAccount(row.token_account),
        mint: USDC.mint,
        tokenProgram: USDC.tokenProgram,
        decimals: USDC.decimals,
        legs: [
          { memo: 'by hand', destination: asTokenAccount(await shop.buyer.tokenAccount()), amount: atoms(amount), open: null },
        ],
      },
      { unitLimit: 60_000, unitPrice: 0n },
      value,
    );
    const treasury = await openSigner(parts.db.read, parts.sealer, row.treasury_id);
    const { signature, wire } = await signBytes(transaction, [shop.buyer.signer, treasury]);
    await rpc
      .sendTransaction(wire.toString('base64') as Base64EncodedWireTransaction, { encoding: 'base64', skipPreflight: true })
      .send();
    await eventually('it is final', async () => {
      const found = await rpc.getSignatureStatuses([signature]).send();
      return found.value[0]?.confirmationStatus === 'finalized';
    });
    return signature;
  } finally {
    await parts.close();
  }
}

test('a refund that someone else’s transaction paid is posted with it, and not paid again; another is not resolved by it', async () => {
  const worker = stack.part('worker');
  await worker.kill();
  const before = await shop.buyer.balance();
  const id = await shop.accepted(payment, AMOUNT);
  const other = await shop.accepted(payment, AMOUNT);
  const larger = await shop.accepted(payment, AMOUNT + 1n);
  const signature = await paidByHand(AMOUNT);

  expect(await resolve(larger, { tx_sig: signature })).toMatchObject({ status: 422, body: { code: 'resolution_not_matching' } });
  const resolved = await resolve(id, { tx_sig: signature });
  expect(resolved).toMatchObject({ status: 200, body: { status: 'succeeded', tx_sig: signature, moved_atomic: '1000' } });
  expect(resolved.body.receipt_hash).not.toBeNull();
  expect(resolved.body.transfers).toMatchObject([{ status: 'posted', tx_sig: signature, network_fee_lamports: '0' }]);
  expect(await resolve(other, { tx_sig: signature })).toMatchObject({ status: 422, body: { code: 'resolution_not_matching' } });
  // What paid in, and what refunded something else, pays no refund.
  const { tx_sig: settlement } = await shop.payment(payment);
  expect(await resolve(other, { tx_sig: settlement })).toMatchObject({ status: 422, body: { code: 'resolution_not_matching' } });

  await worker.start();
  await shop.refundIs(other, 'succeeded');
  await shop.refundIs(larger, 'succeeded');
  await eventually('its workflow has ended', async () => (await outcomes(id)).includes('succeeded'));
  expect(await refundsOnChain(stack, await shop.buyer.tokenAccount(), id)).toEqual([]);
  expect((await shop.buyer.balance()) - before).toBe(3n * AMOUNT + 1n);
});

test('a transaction that paid the payer’s associated account resolves a refund to an account of theirs that is closed', async () => {
  const worker = stack.part('worker');
  await worker.kill();
  const id = await shop.accepted(payment, AMOUNT);
  const { address: gone } = await generateKeyPairSigner();
  await rows(stack, 'update refunds set destination_account = $1 where id = $2', [gone, id]);
  const signature = await paidByHand(AMOUNT);
  const resolved = await resolve(id, { tx_sig: signature });
  const destination = { token_account: await shop.buyer.tokenAccount(), how: 'payer' };
  expect(resolved).toMatchObject({ status: 200, body: { status: 'succeeded', tx_sig: signature, destination } });
  await worker.start();
  await eventually('its workflow has ended', async () => (await outcomes(id)).includes('succeeded'));
});

test('of several legs the one that a transaction paid is posted with it, and the others are paid', async () => {
  const worker = stack.part('worker');
  await worker.kill();
  const before = await shop.buyer.balance();
  const id = await shop.accepted(payment, 5_000n);
  const odd = await paidByHand(700n);
  const refused = await resolve(id, { tx_sig: odd });
  expect(refused).toMatchObject({ status: 422, body: { code: 'resolution_not_matching' } });
  expect(JSON.stringify(refused.body)).toContain('2000 and 2000 and 1000');
  const signature = await paidByHand(AMOUNT);
  const resolved = await resolve(id, { tx_sig: signature });
  expect(resolved).toMatchObject({ status: 200, body: { moved_atomic: '1000', tx_sig: signature } });
  expect(resolved.body.transfers.map(leg => leg.status)).toEqual(['reserved', 'reserved', 'posted']);
  expect(await resolve(id, { tx_sig: signature })).toMatchObject({ status: 422, body: { code: 'resolution_not_matching' } });

  await worker.start();
  const ended = await shop.refundIs(id, 'succeeded');
  expect(ended.moved_atomic).toBe('5000');
  expect(await refundsOnChain(stack, await shop.buyer.tokenAccount(), id)).toHaveLength(2);
  expect((await shop.buyer.balance()) - before).toBe(5_700n);
});

test('an operator gives a refund up from the Temporal UI: it fails with what it waited for', async () => {
  await freeze(true);
  const id = await shop.accepted(payment, AMOUNT);
  await shop.api.until<RefundView>(`/v1/refunds/${id}`, refund => refund.waiting?.reason === 'destination_frozen');
  const { client, close } = operator(stack);
  const handle = client.workflow.getHandle(`refund:${id}`);
  await expect(
    handle.executeUpdate('resolve', { args: [{ tx_sig: (await shop.payment(payment)).tx_sig }] }),
  ).rejects.toMatchObject({ cause: { type: 'resolution_not_matching' } });
  expect(await handle.executeUpdate('resolve', { args: [{ give_up: true, reason: 'stays frozen' }] })).toEqual({
    status: 'failed',
  });
  expect(await handle.result()).toEqual({ status: 'failed' });
  expect(await outcomes(id)).toEqual(['failed']);
  expect(await shop.refundIs(id, 'failed')).toMatchObject({ failure: { code: 'destination_frozen', message: 'stays frozen' } });
  const { searchAttributes } = await handle.describe();
  expect(searchAttributes.FailureCode).toEqual(['destination_frozen']);
  await freeze(false);
  await close();
});

test('a preview says what the chain says: the fee the refund then bears, and the wait it then has', async () => {
  const preview = () => shop.api.post<RefundPreview>('/v1/refunds/preview', { payment_id: payment, amount_atomic: `${AMOUNT}` });
  const open = await preview();
  expect(open).toMatchObject({ status: 200, body: { status: 'pending', waiting: null, chain_asked: true, refusals: [] } });
  const id = await shop.accepted(payment, AMOUNT);
  const { transfers } = await shop.refundIs(id, 'succeeded');
  expect(transfers[0]?.network_fee_lamports).toBe(open.body.network_fee_lamports);

  await freeze(true);
  expect((await preview()).body.waiting).toMatchObject({ reason: 'destination_frozen' });
  const waiting = await shop.accepted(payment, AMOUNT);
  await shop.api.until<RefundView>(`/v1/refunds/${waiting}`, refund => refund.waiting?.reason === 'destination_frozen');
  await freeze(false);
  await shop.refundIs(waiting, 'succeeded');
});
