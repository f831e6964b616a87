import type { Reader } from '#libs/db/database';
import type { Network } from '#libs/money/assets';
import { listKey } from '#libs/pages/cursor';
import { cutPage, inPage, type Page, type PageAsk, positionAt } from '#libs/pages/page';
import { type Link, linkRows, toLink } from './link.ts';

export interface LinkOwner {
  accountId: string;
  network: Network;
}

/** An account's link by its slug, or null; another account's is null too. */
export async function findLink(reader: Reader, owner: LinkOwner, slug: string): Promise<Link | null> {
  const row = await linkRows(reader)
    .where('l.network', '=', owner.network)
    .where('l.slug', '=', slug)
    .where('l.account_id', '=', owner.accountId)
    .executeTakeFirst();
  return row === undefined ? null : toLink(row);
}

/** A link by its slug, whoever it belongs to: for the public paywall. */
export async function findPublicLink(reader: Reader, network: Network, slug: string): Promise<Link | null> {
  const row = await linkRows(reader).where('l.network', '=', network).where('l.slug', '=', slug).executeTakeFirst();
  return row === undefined ? null : toLink(row);
}

/** A link by its internal id, whoever it belongs to: for workflows and events. */
export async function linkById(reader: Reader, id: string): Promise<Link | null> {
  const row = await linkRows(reader).where('l.id', '=', id).executeTakeFirst();
  return row === undefined ? null : toLink(row);
}

export interface LinkListAsk extends PageAsk {
  owner_agent?: string | undefined;
  include_disabled?: boolean | undefined;
}

/** A page of an account's links, newest first; disabled ones only on request. */
export async function listLinks(reader: Reader, cursorKey: Buffer, owner: LinkOwner, ask: LinkListAsk): Promise<Page<Link>> {
  const key = listKey(cursorKey, 'payment_links', owner.accountId, owner.network);
  let query = linkRows(reader)
    .select(positionAt('l.created_at').as('position_at'))
    .where('l.account_id', '=', owner.accountId)
    .where('l.network', '=', owner.network)
    .where(inPage(key, ask, 'l.created_at', 'l.id'))
    .orderBy('l.created_at', 'desc')
    .orderBy('l.id', 'desc')
    .limit(ask.limit + 1);
  if (ask.owner_agent !== undefined) query = query.where('a.mint', '=', ask.owner_agent);
  if (ask.include_disabled !== true) query = query.where('l.disabled_at', 'is', null);
  const { rows, next_cursor } = cutPage(key, await query.execute(), ask.limit);
  return { items: rows.map(toLink), next_cursor };
}
