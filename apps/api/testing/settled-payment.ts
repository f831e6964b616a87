import { randomBytes } from 'node:crypto';
import { generateKeyPairSigner } from '@solana/kit';
import { bookPayment, USDC } from '#test/support/books';
import type { ApiUnderTest } from './use-api.ts';

export interface Settled {
  id: string;
  txSig: string;
  receiptHash: string;
  payer: string;
  mint: string;
  link: string;
}

/** An API to ask and the database behind it. */
type Asking = Pick<ApiUnderTest, 'ask' | 'db' | 'key'>;

/** Registers an agent and a link of the key's account through the API. */
export async function makeLink(under: Asking, key = under.key, over: object = {}): Promise<{ mint: string; link: string }> {
  const { address: mint } = await generateKeyPairSigner();
  const agent = await under.ask('POST', '/v1/agents', { key, body: { mint, label: 'Agent', treasury: { kind: 'managed' } } });
  if (agent.status !== 201) throw new Error(agent.text);
  const body = { label: 'Link', owner_agent: mint, method: 'GET', price: '$0.10', response: { body: { ok: true } }, ...over };
  const link = await under.ask('POST', '/v1/payment-links', { key, body });
  if (link.status !== 201) throw new Error(link.text);
  return { mint, link: link.body.id };
}

/** A payment of so many atoms as the settlement leaves it, its books included; written by hand, since no chain is here. */
export async function settledPayment(under: Asking, captured = 100_000n, key = under.key): Promise<Settled> {
  const { mint, link } = await makeLink(under, key);
  const row = await under.db.read
    .selectFrom('payment_links as l')
    .innerJoin('agents as a', 'a.id', 'l.agent_id')
    .innerJoin('treasury_accounts as t', 't.treasury_id', 'a.treasury_id')
    .select(['l.id', 'l.account_id', 'l.agent_id', 'a.treasury_id', 't.token_account'])
    .where('l.slug', '=', link)
    .where('t.mint', '=', USDC.mint)
    .executeTakeFirstOrThrow();
  const { address: payer } = await generateKeyPairSigner();
  const id = await bookPayment(under.db, captured);
  const txSig = randomBytes(32).toString('hex');
  const receiptHash = randomBytes(32).toString('hex');
  await under.db.read
    .insertInto('payments')
    .values({
      id,
      account_id: row.account_id,
      agent_id: row.agent_id,
      treasury_id: row.treasury_id,
      link_id: row.id,
      network: USDC.network,
      protocol: 'x402',
      protocol_version: '2',
      status: 'settled',
      message_hash: randomBytes(32),
      wire: randomBytes(64),
      secret_shown: true,
      memo: 'ebb:test',
      requirements: '{}',
      requirements_hash: '0'.repeat(64),
      request: '{}',
      price: captured.toString(),
      asset: USDC.mint,
      token_program: USDC.tokenProgram,
      currency: USDC.currency,
      pay_to_account: row.token_account,
      seen_height: 1,
      seen_slot: 1,
      finalized_height: 1,
      finalized_slot: 1,
      carrier: `settlement:${id}`,
      captured: captured.toString(),
      payer_owner: payer,
      payer_account: row.token_account,
      payer_how: 'sole_transfer',
      tx_sig: txSig,
      slot: 12,
      receipt_hash: receiptHash,
      delivery_status: 'delivered',
      delivery_http_status: 200,
      settled_at: new Date(),
    })
    .execute();
  return { id, txSig, receiptHash, payer, mint, link };
}
