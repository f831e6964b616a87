import type { Chain } from '../chain/chain.ts';
import type { TransactionError } from '../chain/errors.ts';
import type { Commitment, Moment } from '../chain/heads.ts';
import type { StoredTransaction } from '../chain/store.ts';
import { RpcError } from './error.ts';
import { type Config, commitment, optional, whole } from './params.ts';

/** What becomes of a transaction that is sent: it goes its way, or a fault has other plans. */
export type Landing =
  | { kind: 'usual' }
  | { kind: 'never' }
  | { kind: 'gone'; seen: 'processed' | 'confirmed'; slots: number }
  | { kind: 'fail'; err: TransactionError }
  | { kind: 'error_then_success'; slots: number };

/** What the chain is asked through: a node that may be some slots behind, and may miss a part of history. */
export type Node = {
  name: 'main' | 'lagging';
  chain: Chain;
  lag: number;
  gaps: { from: number; to: number }[];
  /** Statuses the node has forgotten: one signature's, or all; only in its cache, or in its history too. */
  forgets: { signature: string | null; history: boolean } | null;
  landing: Landing;
};

export const API_VERSION = '3.1.10';

/** The newest slot the node knows at a commitment. */
export const slotAt = (node: Node, level: Commitment): number =>
  node.chain.slots.blockAtOrBefore(Math.max(0, node.chain.heads.at(level) - node.lag));

/** Where the node looks at a commitment. */
export const momentAt = (node: Node, level: Commitment): Moment => ({ slot: slotAt(node, level), level });

/** The moment a question is answered from; refuses when the asker wants a newer one. */
export function asked(node: Node, config: Config): Moment {
  const at = momentAt(node, commitment(config.commitment) ?? 'finalized');
  const least = optional(config.minContextSlot, whole);
  if (least !== undefined && least > at.slot)
    throw new RpcError(-32016, 'Minimum context slot has not been reached', { contextSlot: at.slot });
  return at;
}

export const inContext = <T>({ slot }: Moment, value: T) => ({ context: { apiVersion: API_VERSION, slot }, value });

/** Whether the node has the block: not beyond what it has seen, and not in one of its gaps. */
export const knowsSlot = (node: Node, slot: number): boolean =>
  slot <= slotAt(node, 'processed') && !node.gaps.some(gap => slot >= gap.from && slot <= gap.to);

/** The highest commitment at which the node sees the transaction, and the transaction; undefined when it does not at all. */
export function sighted(node: Node, signature: string): { tx: StoredTransaction; level: Commitment } | undefined {
  if (node.forgets?.history && (node.forgets.signature ?? signature) === signature) return undefined;
  for (const level of ['finalized', 'confirmed', 'processed'] as const) {
    const tx = node.chain.transaction(signature, momentAt(node, level));
    if (tx) return knowsSlot(node, tx.record.slot) ? { tx, level } : undefined;
  }
  return undefined;
}
