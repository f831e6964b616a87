import { randomBytes } from 'node:crypto';
import { generateKeyPairSigner } from '@solana/kit';
import type { Agent } from '#libs/accounts/agents';
import { createAgent } from '#libs/accounts/create-agent';
import { ensureAccount } from '#libs/accounts/ensure-account';
import type { Database } from '#libs/db/database';
import { sealer } from '#libs/secrets/sealer';
import { ids, USDC } from './books.ts';

/** The master key of tests. */
export const MASTER_KEY = Buffer.alloc(32, 7).toString('base64');

/** A pace at which nothing is waited for. */
export const PACE = {
  activity_ms: 1_000,
  poll_ms: 10,
  resend_ms: 50,
  backoff_ms: 10,
  backoff_max_ms: 100,
  heartbeat_ms: 500,
  overdue_ms: 60_000,
};

/** An agent with a managed treasury, of a new account, with a link to be paid at. */
export async function insertAgent(db: Database): Promise<{ agent: Agent; accountId: string; linkId: string }> {
  const { address: mint } = await generateKeyPairSigner();
  const accountId = await db.tx('cli.key.mint', tx => ensureAccount(tx, ids, `account of ${mint}`));
  const agent = await db.tx('api.agent.create', tx =>
    createAgent(
      tx,
      { ids, sealer: sealer(MASTER_KEY), pace: PACE },
      {
        accountId,
        network: USDC.network,
        mint,
        label: 'Test agent',
        treasury: { kind: 'managed' },
        actor: { type: 'test', id: 'test' },
      },
    ),
  );
  const linkId = ids.next('link');
  await db.read
    .insertInto('payment_links')
    .values({
      id: linkId,
      slug: ids.bare().toLowerCase(),
      account_id: accountId,
      agent_id: agent.id,
      network: USDC.network,
      label: 'Test link',
      method: 'GET',
      price: '$0.10',
      amount: '100000',
      currency: USDC.currency,
      protocol: 'x402',
      response: JSON.stringify({ status: 200, mimeType: 'application/json', body: { ok: true } }),
    })
    .execute();
  return { agent, accountId, linkId };
}

/** A settled payment's row, without ledger, receipt and events. Returns what a test needs of it. */
export async function insertPayment(
  db: Database,
  of: { agent: Agent; accountId: string; linkId: string },
  captured: bigint,
): Promise<{ id: string; txSig: string }> {
  const id = ids.next('payment');
  const txSig = `sig_${ids.bare()}`;
  await db.read
    .insertInto('payments')
    .values({
      id,
      account_id: of.accountId,
      agent_id: of.agent.id,
      treasury_id: of.agent.treasury.id,
      link_id: of.linkId,
      network: USDC.network,
      protocol: 'x402',
      protocol_version: '2',
      status: 'settled',
      message_hash: randomBytes(32),
      wire: randomBytes(64),
      memo: 'ebb:test',
      requirements: '{}',
      requirements_hash: '0'.repeat(64),
      secret_shown: true,
      request: '{}',
      price: captured.toString(),
      asset: USDC.mint,
      token_program: USDC.tokenProgram,
      currency: USDC.currency,
      pay_to_account: of.agent.treasury.accounts[0]?.tokenAccount ?? '',
      seen_height: 1,
      seen_slot: 1,
      finalized_height: 1,
      finalized_slot: 1,
      carrier: `settlement:${id}`,
      captured: captured.toString(),
      tx_sig: txSig,
    })
    .execute();
  return { id, txSig };
}

/** A refund's row in processing, without legs, ledger and events. Returns its id. */
export async function insertRefund(
  db: Database,
  of: { agent: Agent; accountId: string },
  paymentId: string,
  amount: bigint,
): Promise<string> {
  const id = ids.next('refund');
  await db.read
    .insertInto('refunds')
    .values({
      id,
      account_id: of.accountId,
      agent_id: of.agent.id,
      payment_id: paymentId,
      network: USDC.network,
      status: 'processing',
      amount: amount.toString(),
      currency: USDC.currency,
      asset: USDC.mint,
      token_program: USDC.tokenProgram,
      source: 'merchant',
      treasury_id: of.agent.treasury.id,
      destination_how: 'payer',
      reason: 'other',
      content_hash: randomBytes(32),
      initiator_type: 'test',
      initiator_id: 'test',
      carrier: `refund:${id}`,
    })
    .execute();
  return id;
}
