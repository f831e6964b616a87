import type { Chain, ChainRpc } from '#libs/chain/chain';
import type { Signature } from '#libs/money/solana-types';
import type { Step } from '#libs/steps/registry';

/** Where the chain stood, at finalized, when bytes were first stored: absence is counted from here. */
export interface Mark {
  finalizedSlot: bigint;
  finalizedHeight: bigint;
}

/** Why a transaction can never land any more. Kept with the attempt. */
export type Verdict =
  | {
      kind: 'expired_and_absent';
      finalized_slot: string;
      finalized_height: string;
      last_valid_block_height: string;
      providers: number;
    }
  | { kind: 'failed_at_finalized'; slot: string; error: string };

export type Proof =
  | { kind: 'dead'; verdict: Verdict }
  /** Some provider knows it: it is not absent. */
  | { kind: 'seen' }
  | { kind: 'unknown'; why: 'not_expired' | 'node_behind' | 'gap' | 'one_witness' };

/** Signatures are looked for on one provider; resolves to what that provider knows at or above the slot. */
export type Search = (rpc: ChainRpc, from: { slot: bigint; finalized: bigint }) => Promise<Proof | 'absent'>;

/** How many independent providers must agree that something is absent from mainnet. */
export const MAINNET_WITNESSES = 2;

/** `getBlocks` lists at most this many slots. */
const MAX_BLOCK_RANGE = 500_000n;

/**
 * Whether a transaction is dead (DESIGN section 1): expired, and absent on every provider whose history has no gap since
 * the mark. An error, a lag, a gap or a disagreement is unknown. Throws `ChainUnavailable` when a provider does not answer.
 */
export async function proveAbsent(
  chain: Chain,
  step: Step,
  mark: Mark,
  lastValidBlockHeight: bigint,
  search: Search,
): Promise<Proof> {
  let lowest: { slot: bigint; height: bigint } | null = null;
  const words = await chain.askEach(step, async rpc => {
    const epoch = await rpc.getEpochInfo({ commitment: 'finalized' }).send();
    const [slot, height] = [BigInt(epoch.absoluteSlot), BigInt(epoch.blockHeight)];
    if (lowest === null || slot < lowest.slot) lowest = { slot, height };
    if (height <= lastValidBlockHeight) return { kind: 'unknown', why: 'not_expired' } as const;
    const found = await search(rpc, { slot: mark.finalizedSlot, finalized: slot });
    if (found !== 'absent') return found;
    return (await hasGap(rpc, mark, slot, height)) ? ({ kind: 'unknown', why: 'gap' } as const) : 'absent';
  });
  // What one provider saw outweighs what another did not.
  const said = words.filter(word => word !== 'absent');
  const seen = said.find(word => word.kind === 'seen') ?? said.find(word => word.kind === 'dead') ?? said[0];
  if (seen) return seen;
  // Real money is not declared lost on one node's word.
  if (chain.network === 'solana-mainnet' && chain.providers < MAINNET_WITNESSES) return { kind: 'unknown', why: 'one_witness' };
  const at: { slot: bigint; height: bigint } = lowest ?? { slot: 0n, height: 0n };
  return {
    kind: 'dead',
    verdict: {
      kind: 'expired_and_absent',
      finalized_slot: String(at.slot),
      finalized_height: String(at.height),
      last_valid_block_height: String(lastValidBlockHeight),
      providers: words.length,
    },
  };
}

/** Looks for one known signature, history included, on a node that has reached the finalized slot. */
export const searchSignature =
  (signature: Signature): Search =>
  async (rpc, { finalized }) => {
    const { context, value } = await rpc.getSignatureStatuses([signature], { searchTransactionHistory: true }).send();
    if (BigInt(context.slot) < finalized) return { kind: 'unknown', why: 'node_behind' };
    const status = value[0] ?? null;
    if (status === null) return 'absent';
    if (status.err !== null && status.confirmationStatus === 'finalized') {
      return { kind: 'dead', verdict: { kind: 'failed_at_finalized', slot: String(status.slot), error: describe(status.err) } };
    }
    return { kind: 'seen' };
  };

/** A transaction error as text; kit's answers hold bigints, which JSON does not know. */
export const describe = (error: unknown): string =>
  JSON.stringify(error, (_key, value) => (typeof value === 'bigint' ? String(value) : value));

/** Whether the node lists fewer blocks since the mark than the height has risen. */
export async function hasGap(rpc: ChainRpc, mark: Mark, slot: bigint, height: bigint): Promise<boolean> {
  let listed = 0n;
  for (let from = mark.finalizedSlot + 1n; from <= slot; from += MAX_BLOCK_RANGE) {
    const to = from + MAX_BLOCK_RANGE - 1n < slot ? from + MAX_BLOCK_RANGE - 1n : slot;
    listed += BigInt((await rpc.getBlocks(from, to, { commitment: 'finalized' }).send()).length);
  }
  return listed !== height - mark.finalizedHeight;
}
