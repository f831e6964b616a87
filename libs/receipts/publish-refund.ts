import { sql } from 'kysely';
import type { Tx } from '#libs/db/database';
import type { Ids } from '#libs/ids/ids';
import { mustAtoms } from '#libs/money/atoms';
import { appendReceipt, type ReceiptOwner } from './append.ts';
import type { RefundBody } from './body.ts';
import { type OriginalState, type RefundFacts, refundReceipt } from './refund.ts';

/**
 * Adds the refund receipt of a leg that landed to its agent's chain; its number and what remains are read from the chain
 * itself, under the chain's lock. Once per leg: the caller holds the leg's lock. Throws when the original is not in the
 * chain, or the receipts would give back more than it.
 */
export function publishRefund(
  tx: Tx,
  ids: Ids,
  owner: ReceiptOwner & { refundId: string },
  facts: Omit<RefundFacts, 'refundId'>,
): Promise<{ hash: string; body: RefundBody & { receipt_hash: string } }> {
  return appendReceipt(tx, ids, owner, async head => {
    const original = await originalState(tx, owner.agentId, facts.original.receiptHash);
    return refundReceipt({ ...facts, refundId: owner.refundId }, original, head);
  });
}

async function originalState(tx: Tx, agentId: string, hash: string): Promise<OriginalState> {
  const { rows } = await sql<{ amount: string; count: number; given: string }>`
    select o.body -> 'price' ->> 'amount' as amount, count(r.hash)::int as count,
      coalesce(sum((r.body -> 'price' ->> 'amount')::numeric) filter (where v.hash is null), 0)::text as given
    from receipts o
    left join receipts r on r.payment_id = o.payment_id and r.agent_id = o.agent_id and r.kind in ('refund', 'cashback')
    left join receipts v on v.payment_id = o.payment_id and v.agent_id = o.agent_id and v.kind = 'reversal'
      and v.body ->> 'voids_receipt_hash' = r.hash
    where o.hash = ${hash} and o.agent_id = ${agentId} and o.kind = 'earn'
    group by o.hash`.execute(tx);
  const [row] = rows;
  if (!row) throw new Error(`receipt ${hash} is not an earn receipt of agent ${agentId}`);
  return { amount: mustAtoms(row.amount), count: row.count, given: mustAtoms(row.given) };
}
