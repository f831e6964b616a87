import type { Step } from '#libs/steps/registry';
import type { Chain } from './chain.ts';

/** When a slot's block was made, for nodes that leave it out of a transaction's answer; null where the node does not know either. */
export async function blockTimeOf(chain: Chain, step: Step, slot: bigint): Promise<Date | null> {
  const seconds = await chain.ask(step, rpc => rpc.getBlockTime(slot)).catch(() => null);
  return seconds === null ? null : new Date(Number(seconds) * 1_000);
}
