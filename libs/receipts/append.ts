import { sql } from 'kysely';
import type { Tx } from '#libs/db/database';
import type { Ids } from '#libs/ids/ids';
import type { Network } from '#libs/money/assets';
import { mustAtoms } from '#libs/money/atoms';
import { writeEvent } from '#libs/outbox/write-event';
import type { Body, Head, Receipt } from './body.ts';
import { receiptHash } from './hash.ts';

/** Whose receipt it is, and what it is about. */
export interface ReceiptOwner {
  /** The agent record, by its internal id: each has a chain of its own. */
  agentId: string;
  accountId: string;
  network: Network;
  paymentId: string;
  refundId?: string;
  actor: { type: string; id: string };
  clientReference?: string | null;
  at: Date;
}

/**
 * Adds one receipt to its agent's chain and tells `receipt.published`. `build` gets the place in the chain; it may read in
 * the same transaction, which holds the chain's head until it ends: append last, after every other lock.
 */
export async function appendReceipt<B extends Body>(
  tx: Tx,
  ids: Ids,
  owner: ReceiptOwner,
  build: (head: Head) => B | Promise<B>,
): Promise<{ hash: string; body: B & { receipt_hash: string } }> {
  const { rows } = await sql<{ next_nonce: string; last_hash: string | null }>`
    insert into receipt_heads as head (agent_id) values (${owner.agentId})
    on conflict (agent_id) do update set next_nonce = head.next_nonce
    returning next_nonce, last_hash`.execute(tx);
  const [head] = rows;
  if (!head) throw new Error(`agent ${owner.agentId} has no receipt head`);

  const body = await build({ nonce: Number(head.next_nonce), prevHash: head.last_hash, ts: owner.at });
  const hash = receiptHash(body);
  const receipt = { ...body, receipt_hash: hash };
  await insertReceipt(tx, owner, receipt);
  await tx
    .updateTable('receipt_heads')
    .set({ next_nonce: body.nonce + 1, last_hash: hash })
    .where('agent_id', '=', owner.agentId)
    .execute();
  await writeEvent(tx, ids, {
    kind: 'receipt.published',
    network: owner.network,
    accountId: owner.accountId,
    agent: body.agent,
    actor: owner.actor,
    object: { type: 'receipt', id: hash },
    related: { payment_id: owner.paymentId, refund_id: owner.refundId ?? null, receipt_hash: hash },
    clientReference: owner.clientReference ?? null,
    txSig: body.tx_sig,
    amount: mustAtoms(body.price.amount),
    asset: body.price.asset,
    data: receipt,
  });
  return { hash, body: receipt };
}

async function insertReceipt(tx: Tx, owner: ReceiptOwner, receipt: Receipt): Promise<void> {
  await tx
    .insertInto('receipts')
    .values({
      hash: receipt.receipt_hash,
      agent_id: owner.agentId,
      account_id: owner.accountId,
      network: owner.network,
      nonce: receipt.nonce,
      kind: receipt.kind,
      body: JSON.stringify(receipt),
      payment_id: owner.paymentId,
      refund_id: owner.refundId ?? null,
    })
    .execute();
}
