import type { RawAccount } from '../chain/account.ts';
import type { Chain } from '../chain/chain.ts';
import type { Commitment } from '../chain/heads.ts';
import type { StoredTransaction } from '../chain/store.ts';
import { RpcError } from './error.ts';
import { type Config, commitment, optional, whole } from './params.ts';

/** What becomes of a transaction that is sent: it goes its way, or a fault has other plans. */
export type Landing = { kind: 'usual' } | { kind: 'never' };

/** What the chain is asked through: a node that may be some slots behind, and may miss a part of history. */
export type Node = {
  name: 'main' | 'lagging';
  chain: Chain;
  lag: number;
  gaps: { from: number; to: number }[];
  forgotten: Set<string>;
  landing: Landing;
};

export const API_VERSION = '3.1.10';

/** The newest slot the node knows at a commitment. */
export const slotAt = (node: Node, level: Commitment): number =>
  node.chain.slots.blockAtOrBefore(Math.max(0, node.chain.heads.at(level) - node.lag));

/** The slot a question is answered from; refuses when the asker wants a newer one. */
export function askedSlot(node: Node, config: Config, byDefault: Commitment = 'finalized'): number {
  const slot = slotAt(node, commitment(config.commitment) ?? byDefault);
  const least = optional(config.minContextSlot, whole);
  if (least !== undefined && least > slot)
    throw new RpcError(-32016, 'Minimum context slot has not been reached', { contextSlot: slot });
  return slot;
}

export const inContext = <T>(slot: number, value: T) => ({ context: { apiVersion: API_VERSION, slot }, value });

export const accountAt = (node: Node, address: string, slot: number): RawAccount | null => node.chain.account(address, slot);

/** Whether the node has the block: not beyond what it has seen, and not in one of its gaps. */
export const knowsSlot = (node: Node, slot: number): boolean =>
  slot <= slotAt(node, 'processed') && !node.gaps.some(gap => slot >= gap.from && slot <= gap.to);

/** A landed transaction, if the node has its block. */
export function landed(node: Node, signature: string): StoredTransaction | undefined {
  const found = node.chain.store.transaction(signature);
  return found && knowsSlot(node, found.record.slot) ? found : undefined;
}
