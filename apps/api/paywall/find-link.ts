import type { Reader } from '#libs/db/database';
import type { Link } from '#libs/links/link';
import { findPublicLink } from '#libs/links/read';
import { shareUrl } from '#libs/links/view';
import { NETWORKS, type Network } from '#libs/money/assets';
import { refuse } from '#libs/problems/refusal';

/** A map and not an object: a stranger's word for a network could be the name of something that every object has. */
const NAMES = new Map<unknown, Network>([
  ['solana-devnet', 'solana-devnet'],
  ['solana-mainnet', 'solana-mainnet'],
  ['devnet', 'solana-devnet'],
  ['mainnet', 'solana-mainnet'],
]);

export interface Visit {
  slug: string;
  method: string;
  /** The query's `network`, whatever it is. */
  network: unknown;
}

/**
 * The link that is visited, or the refusal, judged in this order: is there one, on this network, still offered, for this
 * method. Nothing has been charged before that.
 */
export async function visitLink(reader: Reader, origin: string, visit: Visit): Promise<Link> {
  const network = networkOf(visit.network);
  const link = await findPublicLink(reader, network, visit.slug);
  if (link === null) return refuseAbsent(reader, origin, network, visit.slug);
  if (link.disabledAt !== null) refuse('gone');
  if (link.method !== visit.method) refuse('method_not_allowed', { headers: { allow: `${link.method}, OPTIONS` } });
  return link;
}

function networkOf(asked: unknown): Network {
  if (asked === undefined) return 'solana-mainnet';
  const detail = `The query's network is one of ${[...NAMES.keys()].join(', ')}.`;
  return NAMES.get(asked) ?? refuse('invalid_request', { errors: [{ detail, pointer: '/network', code: 'invalid_value' }] });
}

async function refuseAbsent(reader: Reader, origin: string, network: Network, slug: string): Promise<never> {
  for (const other of NETWORKS.filter(one => one !== network)) {
    const link = await findPublicLink(reader, other, slug);
    if (link !== null) refuse('wrong_network', { members: { hint: shareUrl(origin, link) } });
  }
  return refuse('not_found', { detail: 'There is no such payment link.' });
}
