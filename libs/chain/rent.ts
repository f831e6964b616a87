import type { TransactionAnswer } from './executed.ts';

/**
 * What a landed transaction took from its fee payer above the network fee, in lamports: for ours, the rent of what it opened.
 * Null where the node's answer lacks the balances, or they make no sense: unknown, not zero.
 */
export function rentPaid(meta: TransactionAnswer['meta']): bigint | null {
  const [before, after] = [meta?.preBalances?.[0], meta?.postBalances?.[0]];
  if (meta === null || before === undefined || after === undefined) return null;
  const rent = BigInt(before) - BigInt(after) - BigInt(meta.fee);
  return rent < 0n ? null : rent;
}
