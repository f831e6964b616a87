import { setTimeout as pause } from 'node:timers/promises';
import type { Base64EncodedWireTransaction } from '@solana/kit';
import { type Chain, ChainUnavailable } from '#libs/chain/chain';
import { resolveSettlement, type Settlement } from '#libs/paywall/sponsor/settlements';
import type { FacilitatorParts } from './parts.ts';

export type Followed =
  | { kind: 'confirmed' }
  /** Failed on chain, and that is final. */
  | { kind: 'failed'; message: string }
  /** Whatever else is known: it may still land. */
  | { kind: 'pending'; message: string };

/** How long the quick looks last. */
const QUICK_FOR_MS = 2_000;

/**
 * Sends stored bytes, again and again the same, until they are confirmed, have failed for good, or the wait is over.
 * Can be called any number of times, at once too: one message lands once. Trouble with the RPC is never a failure.
 */
export async function follow(parts: FacilitatorParts, chain: Chain, settlement: Settlement): Promise<Followed> {
  if (settlement.outcome === 'failed') return { kind: 'failed', message: 'the transaction failed on chain' };
  if (settlement.outcome === 'confirmed') {
    // Confirmed is not final: what every node has lost since is sent again. Where none answers, the record is what is known.
    const seen = await look(chain, settlement);
    if (seen.kind !== 'unseen') return seen;
    if (seen.why === 'unavailable') return { kind: 'confirmed' };
  }
  const { pace } = parts;
  const started = performance.now();
  let sendAt = started;
  while (true) {
    if (performance.now() >= sendAt) {
      const taken = await send(parts, chain, settlement);
      sendAt = performance.now() + (taken ? pace.resend : pace.slow);
    }
    const seen = await look(chain, settlement);
    if (seen.kind === 'confirmed' || seen.kind === 'failed') await note(parts, settlement, seen.kind);
    if (seen.kind !== 'unseen') return seen;
    const elapsed = performance.now() - started;
    if (elapsed >= pace.wait) return { kind: 'pending', message: seen.message };
    await pause(elapsed < QUICK_FOR_MS ? pace.quick : pace.slow);
  }
}

/**
 * Whether the RPC says that it took the bytes. Its refusal says little: it may have passed them on, or know them already.
 * Only the chain's word counts.
 */
async function send({ log }: FacilitatorParts, chain: Chain, { signature, wire }: Settlement): Promise<boolean> {
  const bytes = wire.toString('base64') as Base64EncodedWireTransaction;
  try {
    await chain.ask('facilitator.send', rpc =>
      rpc.sendTransaction(bytes, { encoding: 'base64', skipPreflight: true, maxRetries: 0n }),
    );
    log.info({ tx_sig: signature, network: chain.network }, 'sent');
    return true;
  } catch (error) {
    log.warn({ tx_sig: signature, network: chain.network, err: error }, 'sending met an error; the bytes will be sent again');
    return false;
  }
}

interface Unseen {
  kind: 'unseen';
  why: 'unavailable' | 'not_there';
  message: string;
}

/** `unseen`: worth another look soon. */
async function look(chain: Chain, { signature }: Settlement): Promise<Followed | Unseen> {
  const status = await statusOf(chain, signature);
  if (status === 'unavailable') return { kind: 'unseen', why: 'unavailable', message: 'the RPC does not answer' };
  if (status === null || status.confirmationStatus === 'processed')
    return { kind: 'unseen', why: 'not_there', message: 'not confirmed yet' };
  if (status.err === null) return { kind: 'confirmed' };
  const message = `the transaction failed on chain: ${describe(status.err)}`;
  // An error below `finalized` may still be forked away.
  return status.confirmationStatus === 'finalized'
    ? { kind: 'failed', message }
    : { kind: 'pending', message: `${message}, not yet final` };
}

async function statusOf(chain: Chain, signature: Settlement['signature']) {
  try {
    const { value } = await chain.ask('facilitator.status', rpc =>
      rpc.getSignatureStatuses([signature], { searchTransactionHistory: true }),
    );
    return value[0] ?? null;
  } catch (error) {
    if (error instanceof ChainUnavailable) return 'unavailable';
    throw error;
  }
}

/** For the next time; the answer does not hang on it. */
async function note(
  { db, log }: FacilitatorParts,
  { messageHash, signature }: Settlement,
  outcome: 'confirmed' | 'failed',
): Promise<void> {
  try {
    await db.tx('facilitator.resolve', tx => resolveSettlement(tx, messageHash, outcome));
  } catch (error) {
    log.warn({ tx_sig: signature, err: error }, 'an outcome could not be noted');
  }
}

const describe = (error: unknown): string =>
  JSON.stringify(error, (_, value) => (typeof value === 'bigint' ? String(value) : value));
