import type { Tx } from '#libs/db/database';
import type { Ids } from '#libs/ids/ids';
import { appendReceipt, type ReceiptOwner } from './append.ts';
import type { EarnBody } from './body.ts';
import { type EarnFacts, earnReceipt } from './earn.ts';

/** Adds the earn receipt of a settled payment to its agent's chain. Once per payment: the caller holds the payment's lock. */
export function publishEarn(
  tx: Tx,
  ids: Ids,
  owner: ReceiptOwner,
  facts: EarnFacts,
): Promise<{ hash: string; body: EarnBody & { receipt_hash: string } }> {
  return appendReceipt(tx, ids, owner, head => earnReceipt(facts, head));
}
