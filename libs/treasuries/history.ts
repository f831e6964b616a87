import type { Address } from '@solana/kit';
import type { Chain, ChainRpc } from '#libs/chain/chain';
import { asSignature } from '#libs/money/solana-types';
import { hasGap, type Mark } from '#libs/transfers/prove';

/** A transaction that touched an account and succeeded. */
export interface Listed {
  signature: string;
  slot: bigint;
}

/** What happened to an account since a mark, oldest first, and up to where nothing is missing. */
export type History = { kind: 'whole'; to: Mark; listed: Listed[] } | { kind: 'unknown'; why: 'behind' | 'gap' | 'too_long' };

/** Most new transactions are few; a long absence is read in large pages. */
const FIRST_PAGE = 50;
const PAGE = 1_000;
const MAX_PAGES = 500;

/**
 * Reads an account's history at `finalized` since the mark, on every provider: each must have every block since then (it
 * lists as many as the height rose, as a proof of absence asks), and what any of them lists counts. Relied on is that a node
 * that has a block has its transactions by address too. Without a mark it is read from its beginning, and only the
 * newest block is asked for. Throws `ChainUnavailable` where a provider does not answer: then nothing is skipped.
 */
export async function readHistory(chain: Chain, account: string, from: Mark | null): Promise<History> {
  const words = await chain.askEach('treasury.scan', rpc => readOn(rpc, account, from));
  const unknown = words.find(word => word.kind === 'unknown');
  if (unknown) return unknown;
  const whole = words.filter(word => word.kind === 'whole');
  const [first, ...others] = whole;
  if (!first) return { kind: 'unknown', why: 'behind' };
  const lowest = others.reduce((a, b) => (b.to.finalizedSlot < a.to.finalizedSlot ? b : a), first);
  const all = new Map<string, Listed>();
  for (const word of whole) for (const one of word.listed) all.set(one.signature, one);
  const listed = [...all.values()].filter(one => one.slot <= lowest.to.finalizedSlot);
  // Stable: within a slot the order in which the node lists them stands.
  return { kind: 'whole', to: lowest.to, listed: listed.sort((a, b) => Number(a.slot - b.slot)) };
}

async function readOn(rpc: ChainRpc, account: string, from: Mark | null): Promise<History> {
  const epoch = await rpc.getEpochInfo({ commitment: 'finalized' }).send();
  const to: Mark = { finalizedSlot: BigInt(epoch.absoluteSlot), finalizedHeight: BigInt(epoch.blockHeight) };
  const after = from?.finalizedSlot ?? -1n;
  if (to.finalizedSlot < after) return { kind: 'unknown', why: 'behind' };
  const listed: Listed[] = [];
  let before: string | undefined;
  for (let page = 0; ; page++) {
    if (page === MAX_PAGES) return { kind: 'unknown', why: 'too_long' };
    const limit = page === 0 ? FIRST_PAGE : PAGE;
    const found = await rpc
      .getSignaturesForAddress(account as Address, {
        limit,
        commitment: 'finalized',
        minContextSlot: to.finalizedSlot,
        ...(before === undefined ? {} : { before: asSignature(before) }),
      })
      .send();
    for (const one of found) {
      const slot = BigInt(one.slot);
      if (slot > after && slot <= to.finalizedSlot && one.err === null) listed.push({ signature: one.signature, slot });
    }
    const last = found.at(-1);
    if (last === undefined || found.length < limit || BigInt(last.slot) <= after) break;
    before = last.signature;
  }
  if (from && (await hasGap(rpc, from, to.finalizedSlot, to.finalizedHeight))) return { kind: 'unknown', why: 'gap' };
  return { kind: 'whole', to, listed: listed.toReversed() };
}
