import { getAgent } from '#libs/accounts/agents';
import type { Reader } from '#libs/db/database';
import type { Network } from '#libs/money/assets';
import { listKey, readCursor, writeCursor } from '#libs/pages/cursor';
import { inSpan, type Page, type PageAsk } from '#libs/pages/page';
import { refuse } from '#libs/problems/refusal';
import type { Receipt } from './body.ts';

export interface ReceiptListAsk extends PageAsk {
  kind?: string | undefined;
  /** The same as `created[gte]`. */
  since?: string | undefined;
}

/**
 * A page of an agent's chain, newest first; an agent the account has not registered is refused. A row's place is its
 * nonce: a receipt's time is its transaction's beginning, and of two transactions the later one may be first in the chain.
 */
export async function pageReceipts(
  reader: Reader,
  cursorKey: Buffer,
  owner: { accountId: string; network: Network },
  mint: string,
  ask: ReceiptListAsk,
): Promise<Page<Receipt>> {
  const { accountId, network } = owner;
  const agent = (await getAgent(reader, { accountId, network, mint })) ?? refuse('agent_not_found');
  const key = listKey(cursorKey, 'receipts', agent.id);
  let query = reader
    .selectFrom('receipts')
    .select(['body', 'nonce'])
    .where('agent_id', '=', agent.id)
    .where(inSpan({ ...ask, 'created[gte]': ask['created[gte]'] ?? ask.since }, 'created_at'))
    .orderBy('nonce', 'desc')
    .limit(ask.limit + 1);
  if (ask.cursor !== undefined) query = query.where('nonce', '<', readCursor(key, ask.cursor).id);
  if (ask.kind !== undefined) query = query.where('kind', '=', ask.kind);
  const found = await query.execute();
  const shown = found.slice(0, ask.limit);
  const last = shown.at(-1);
  return {
    items: shown.map(row => row.body as unknown as Receipt),
    next_cursor: last === undefined || found.length <= ask.limit ? null : writeCursor(key, { at: '', id: last.nonce }),
  };
}
