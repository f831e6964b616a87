import type { Moment } from '../chain/heads.ts';
import { GENESIS_HASH } from '../chain/identity.ts';
import { invalidParams, RpcError } from './error.ts';
import { API_VERSION, asked, knowsSlot, type Node, slotAt } from './node.ts';
import { atLeast, type Config, commitment, config, optional, whole } from './params.ts';

const SLOTS_IN_EPOCH = 432_000;
const HEALTHY_LAG = 128;
const MAX_BLOCKS = 500_000;

/** Throws what a validator says when it is too far behind the cluster. */
export function checkHealth(node: Node): void {
  if (node.lag > HEALTHY_LAG) throw new RpcError(-32005, `Node is behind by ${node.lag} slots`, { numSlotsBehind: node.lag });
}

export function getHealth(node: Node): string {
  checkHealth(node);
  return 'ok';
}

export const getVersion = () => ({ 'feature-set': 1620780344, 'solana-core': API_VERSION });

export const getGenesisHash = (node: Node): string => GENESIS_HASH[node.chain.options.network];

export const getSlot = (node: Node, [options]: unknown[]): number => asked(node, config(options)).slot;

export const getBlockHeight = (node: Node, [options]: unknown[]): number =>
  node.chain.slots.height(asked(node, config(options)).slot);

export function getEpochInfo(node: Node, [options]: unknown[]) {
  const slot = asked(node, config(options)).slot;
  return {
    absoluteSlot: slot,
    blockHeight: node.chain.slots.height(slot),
    epoch: Math.floor(slot / SLOTS_IN_EPOCH),
    slotIndex: slot % SLOTS_IN_EPOCH,
    slotsInEpoch: SLOTS_IN_EPOCH,
    transactionCount: node.chain.store.countTransactions(slot),
  };
}

/** Slots with a block, from the first to the last asked for, or to the newest. */
export function getBlocks(node: Node, params: unknown[]): number[] {
  atLeast(params, 1);
  const first = whole(params[0]);
  const last = typeof params[1] === 'number' ? whole(params[1]) : undefined;
  const options: Config = config(last === undefined ? (params[1] ?? params[2]) : params[2]);
  const newest = atLeastConfirmed(node, options).slot;
  const end = Math.min(last ?? first + MAX_BLOCKS, newest);
  if (end < first) return [];
  if (end - first > MAX_BLOCKS) throw invalidParams(`Slot range too large; max ${MAX_BLOCKS}`);
  return node.chain.slots.blocks(first, end, MAX_BLOCKS).filter(slot => knowsSlot(node, slot));
}

/** Where the node looks at the commitment asked for, which may not be `processed`. */
export function atLeastConfirmed(node: Node, options: Config): Moment {
  if (commitment(options.commitment) === 'processed') throw invalidParams('Method does not support commitment below `confirmed`');
  return asked(node, options);
}

export function getBlockTime(node: Node, params: unknown[]): number | null {
  atLeast(params, 1);
  const slot = whole(params[0]);
  if (slot > slotAt(node, 'confirmed')) throw new RpcError(-32004, `Block not available for slot ${slot}`);
  if (!node.chain.slots.hasBlock(slot) || !knowsSlot(node, slot))
    throw new RpcError(-32007, `Slot ${slot} was skipped, or missing due to ledger jump to recent snapshot`);
  return node.chain.calendar.timeOf_s(slot);
}

export function getRecentPrioritizationFees(node: Node) {
  const newest = slotAt(node, 'processed');
  const from = node.chain.slots.slotAt(Math.max(0, node.chain.slots.height(newest) - 149));
  return node.chain.slots.blocks(from, newest, 150).map(slot => ({ prioritizationFee: 0, slot }));
}

export function getMinimumBalanceForRentExemption(node: Node, params: unknown[]): bigint {
  atLeast(params, 1);
  return node.chain.vm.minimumBalanceForRentExemption(BigInt(optional(params[0], whole) ?? 0));
}
