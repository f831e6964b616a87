import type { Reader } from '#libs/db/database';
import type { Network } from '#libs/money/assets';
import { listKey } from '#libs/pages/cursor';
import { cutPage, inPage, type Page, type PageAsk, positionAt } from '#libs/pages/page';
import { type Agent, agentRows, toAgent } from './agents.ts';

/** A page of an account's agents on a network, newest first. */
export async function pageAgents(
  reader: Reader,
  cursorKey: Buffer,
  owner: { accountId: string; network: Network },
  ask: PageAsk,
): Promise<Page<Agent>> {
  const key = listKey(cursorKey, 'agents', owner.accountId, owner.network);
  const found = await agentRows(reader)
    .select(positionAt('agents.created_at').as('position_at'))
    .where('agents.account_id', '=', owner.accountId)
    .where('agents.network', '=', owner.network)
    .where(inPage(key, ask, 'agents.created_at', 'agents.id'))
    .orderBy('agents.created_at', 'desc')
    .orderBy('agents.id', 'desc')
    .limit(ask.limit + 1)
    .execute();
  const { rows, next_cursor } = cutPage(key, found, ask.limit);
  return { items: rows.map(toAgent), next_cursor };
}
