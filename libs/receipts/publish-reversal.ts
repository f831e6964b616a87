import { sql } from 'kysely';
import type { Tx } from '#libs/db/database';
import type { Ids } from '#libs/ids/ids';
import { appendReceipt, type ReceiptOwner } from './append.ts';
import type { Receipt, ReversalBody } from './body.ts';
import { reversalReceipt } from './reversal.ts';

/**
 * Adds the reversal of one of an agent's receipts to its chain. Once per receipt: the caller holds the lock of what the
 * receipt is of. Throws where the agent has no such receipt, or it was taken back before.
 */
export function publishReversal(
  tx: Tx,
  ids: Ids,
  owner: ReceiptOwner,
  hash: string,
): Promise<{ hash: string; body: ReversalBody & { receipt_hash: string } }> {
  return appendReceipt(tx, ids, owner, async head => {
    const row = await tx
      .selectFrom('receipts')
      .select('body')
      .where('hash', '=', hash)
      .where('agent_id', '=', owner.agentId)
      .executeTakeFirst();
    if (!row) throw new Error(`agent ${owner.agentId} has no receipt ${hash}`);
    const before = await tx
      .selectFrom('receipts')
      .select('hash')
      .where('payment_id', '=', owner.paymentId)
      .where('agent_id', '=', owner.agentId)
      .where('kind', '=', 'reversal')
      .where(sql`body ->> 'voids_receipt_hash'`, '=', hash)
      .executeTakeFirst();
    if (before) throw new Error(`receipt ${hash} was reversed before`);
    return reversalReceipt(row.body as unknown as Receipt, head);
  });
}
