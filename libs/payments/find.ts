import type { Address, Base64EncodedDataResponse } from '@solana/kit';
import type { Chain, ChainRpc } from '#libs/chain/chain';
import { decodeTransaction } from '#libs/chain/decode';
import { asSignature, type Signature } from '#libs/money/solana-types';
import type { Step } from '#libs/steps/registry';
import type { Search } from '#libs/transfers/prove';

/** What is known of a proof: the message, and where its money would arrive. Its signature may be unknown. */
export interface Sought {
  messageHash: Buffer;
  memo: string;
  payToAccount: string;
  /** The chain had reached this slot when the bytes were first seen: they can only have landed after it, or shortly before. */
  seenSlot: bigint;
}

const PAGE = 1_000;
/** A page limit for one look: a treasury with more payments than this since the claim is searched again at the next look. */
const MAX_PAGES = 50;
/** A buyer may send the transaction before showing it to us. */
const SLOTS_BEFORE = 300n;

/** A transaction as `getTransaction` answers it in base64. */
export type ChainTransaction = NonNullable<Awaited<ReturnType<typeof fetchTransaction>>>;

const fetchTransaction = (rpc: ChainRpc, signature: Signature) => transactionQuestion(rpc, signature).send();
const transactionQuestion = (rpc: ChainRpc, signature: Signature) =>
  rpc.getTransaction(signature, { commitment: 'confirmed', maxSupportedTransactionVersion: 0, encoding: 'base64' });

/** The transaction with this signature, if it is on the chain and carries this message. */
export async function findBySignature(
  chain: Chain,
  step: Step,
  sought: Sought,
  signature: Signature,
): Promise<ChainTransaction | null> {
  // What one node's history has, another's may lack.
  const found = await chain.askAll(step, rpc => transactionQuestion(rpc, signature));
  return found.find(one => one !== null && carries(one, sought)) ?? null;
}

/** Looks through the history of the account the money would arrive in: by slot, by memo, and then by the message itself. */
export async function findInHistory(
  chain: Chain,
  step: Step,
  sought: Sought,
): Promise<{ signature: Signature; transaction: ChainTransaction } | null> {
  let before: Signature | undefined;
  for (let page = 0; page < MAX_PAGES; page++) {
    const listed = await chain.ask(step, rpc => historyQuestion(rpc, sought, before, null));
    for (const { signature } of listed.filter(one => mayBe(one, sought))) {
      const transaction = await findBySignature(chain, step, sought, asSignature(signature));
      if (transaction) return { signature: asSignature(signature), transaction };
    }
    const last = listed.at(-1);
    if (last === undefined || listed.length < PAGE || last.slot < sought.seenSlot - SLOTS_BEFORE) return null;
    before = asSignature(last.signature);
  }
  return null;
}

/** The same search on one provider at `finalized`, for the proof of absence. */
export const searchHistory =
  (sought: Sought): Search =>
  async (rpc, { finalized }) => {
    let before: Signature | undefined;
    for (let page = 0; page < MAX_PAGES; page++) {
      const listed = await historyQuestion(rpc, sought, before, finalized).send();
      for (const one of listed.filter(each => mayBe(each, sought))) {
        const found = await fetchTransaction(rpc, asSignature(one.signature));
        // Listed, yet not to be had: the node has a hole there.
        if (!found) return { kind: 'unknown', why: 'gap' };
        if (!carries(found, sought)) continue;
        if (found.meta?.err == null) return { kind: 'seen' };
        return {
          kind: 'dead',
          verdict: { kind: 'failed_at_finalized', slot: String(found.slot), error: 'the transaction failed on chain' },
        };
      }
      const last = listed.at(-1);
      if (last === undefined || listed.length < PAGE || last.slot < sought.seenSlot - SLOTS_BEFORE) return 'absent';
      before = asSignature(last.signature);
    }
    return { kind: 'unknown', why: 'gap' };
  };

const historyQuestion = (rpc: ChainRpc, sought: Sought, before: Signature | undefined, finalized: bigint | null) =>
  rpc.getSignaturesForAddress(sought.payToAccount as Address, {
    limit: PAGE,
    commitment: finalized === null ? 'confirmed' : 'finalized',
    ...(before ? { before } : {}),
    ...(finalized === null ? {} : { minContextSlot: finalized }),
  });

const mayBe = (one: { slot: bigint; memo: string | null }, sought: Sought): boolean =>
  one.slot >= sought.seenSlot - SLOTS_BEFORE && (one.memo === null || one.memo.includes(sought.memo));

function carries(found: { transaction: Base64EncodedDataResponse }, sought: Sought): boolean {
  const decoding = decodeTransaction(found.transaction[0]);
  return decoding.kind === 'decoded' && decoding.transaction.messageHash.equals(sought.messageHash);
}
