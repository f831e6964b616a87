import type { Reader } from '#libs/db/database';
import type { Network } from '#libs/money/assets';
import type { Receipt } from './body.ts';

/** An account's receipt by its hash, or null; another account's is null too. */
export async function receiptByHash(
  reader: Reader,
  wanted: { accountId: string; network: Network; hash: string },
): Promise<Receipt | null> {
  const row = await reader
    .selectFrom('receipts')
    .select('body')
    .where('hash', '=', wanted.hash)
    .where('account_id', '=', wanted.accountId)
    .where('network', '=', wanted.network)
    .executeTakeFirst();
  return row ? (row.body as unknown as Receipt) : null;
}

/** Receipts of an agent record, newest first, below a nonce if one is given; at most `limit`. */
export async function listReceipts(
  reader: Reader,
  wanted: { agentId: string; limit: number; belowNonce?: number; kind?: string; since?: Date },
): Promise<Receipt[]> {
  let query = reader
    .selectFrom('receipts')
    .select('body')
    .where('agent_id', '=', wanted.agentId)
    .orderBy('nonce', 'desc')
    .limit(wanted.limit);
  if (wanted.belowNonce !== undefined) query = query.where('nonce', '<', String(wanted.belowNonce));
  if (wanted.kind !== undefined) query = query.where('kind', '=', wanted.kind);
  if (wanted.since !== undefined) query = query.where('created_at', '>=', wanted.since);
  return (await query.execute()).map(row => row.body as unknown as Receipt);
}
