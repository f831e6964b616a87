import type { Base64EncodedWireTransaction } from '@solana/kit';
import { blockTimeOf } from '#libs/chain/block-time';
import { type Chain, type ChainRpc, ChainUnavailable } from '#libs/chain/chain';
import { rentPaid } from '#libs/chain/rent';
import type { Signature } from '#libs/money/solana-types';
import type { Pace } from '#libs/states/pace';
import type { WaitReason } from '#libs/states/waiting';
import type { Step } from '#libs/steps/registry';
import { describe, type Mark, proveAbsent, searchSignature, type Verdict } from './prove.ts';

/** Signed bytes in flight. Only these bytes are ever sent for the attempt. */
export interface InFlight extends Mark {
  signature: Signature;
  wire: Buffer;
  lastValidBlockHeight: bigint;
  /** Stored a moment ago by this very process: nothing to look for before the first send. */
  fresh: boolean;
}

export type Sight =
  | { kind: 'landed'; slot: bigint; blockTime: Date; feeLamports: bigint; rentLamports: bigint | null }
  | { kind: 'dead'; verdict: Verdict }
  | { kind: 'unknown'; reason: Extract<WaitReason, 'awaiting_confirmation' | 'outcome_unknown' | 'rpc_unavailable'> };

export interface FollowSteps {
  send: Step;
  status: Step;
  landed: Step;
  prove: Step;
}

export interface Watch {
  pace: Pace;
  /** The how-manieth try at the same call this is, from 1. */
  tries: number;
  /** Called at each look: tells the orchestrator that this process lives. */
  beat(): void;
  /** Aborted when the process should hand back: then the outcome is as unknown as it was. */
  abort: AbortSignal;
}

/**
 * Sends the bytes, and again every `resend_ms`, until the chain has confirmed them, they are proven dead, or
 * `activity_ms` is over. Safe to repeat and to run twice at once: the same bytes land once.
 */
export async function follow(chain: Chain, tx: InFlight, steps: FollowSteps, watch: Watch): Promise<Sight> {
  const { pace, beat, abort } = watch;
  const until = performance.now() + pace.activity_ms;
  let sentAt: number | null = null;
  let reason: Extract<Sight, { kind: 'unknown' }>['reason'] = 'awaiting_confirmation';
  while (true) {
    beat();
    try {
      const sight = sentAt === null && tx.fresh ? null : await look(chain, tx, steps, 'cache');
      if (sight) return sight;
      if (sentAt === null || performance.now() - sentAt >= pace.resend_ms) {
        // Sending comes first: it is always safe, and must not wait for providers that only a proof needs.
        const first = sentAt === null && tx.fresh;
        sentAt = performance.now();
        await send(chain, tx, steps.send);
        const proof = first ? null : await proveDead(chain, tx, steps.prove);
        if (proof?.kind === 'dead') return proof;
        const old = proof?.kind === 'seen' ? await look(chain, tx, steps, 'history') : null;
        if (old) return old;
        reason = proof?.kind === 'unknown' && proof.why !== 'not_expired' ? 'outcome_unknown' : 'awaiting_confirmation';
      }
    } catch (error) {
      if (!(error instanceof ChainUnavailable)) throw error;
      reason = 'rpc_unavailable';
    }
    if (abort.aborted || performance.now() >= until) return { kind: 'unknown', reason };
    await pause(pace.poll_ms, abort);
  }
}

/**
 * One look at the chain: landed at `confirmed`, dead by an error at `finalized`, or null. A node's cache forgets a status
 * after some 300 blocks, so what landed long ago (nobody was there to look) is in its history only.
 */
async function look(chain: Chain, tx: InFlight, steps: FollowSteps, where: 'cache' | 'history'): Promise<Sight | null> {
  const status = await statusOf(chain, tx, steps.status, where);
  if (status === null || status.confirmationStatus === 'processed' || status.confirmationStatus === null) return null;
  if (status.err !== null) {
    // An error below finalized can still turn into a success on another fork.
    if (status.confirmationStatus !== 'finalized') return null;
    return { kind: 'dead', verdict: { kind: 'failed_at_finalized', slot: String(status.slot), error: describe(status.err) } };
  }
  const question = (rpc: ChainRpc) =>
    rpc.getTransaction(tx.signature, { commitment: 'confirmed', maxSupportedTransactionVersion: 0, encoding: 'json' });
  // What one node's history has, another's may lack.
  const found = where === 'cache' ? [await chain.ask(steps.landed, question)] : await chain.askAll(steps.landed, question);
  const landed = found.find(one => one !== null);
  if (!landed || landed.meta === null || landed.meta.err !== null) return null;
  const { slot, meta } = landed;
  const blockTime =
    landed.blockTime === null ? await blockTimeOf(chain, steps.landed, slot) : new Date(Number(landed.blockTime) * 1_000);
  return blockTime === null ? null : { kind: 'landed', slot, blockTime, feeLamports: meta.fee, rentLamports: rentPaid(meta) };
}

async function statusOf(chain: Chain, tx: InFlight, step: Step, where: 'cache' | 'history') {
  const question = (rpc: ChainRpc) => rpc.getSignatureStatuses([tx.signature], { searchTransactionHistory: where === 'history' });
  const answers = where === 'cache' ? [await chain.ask(step, question)] : await chain.askAll(step, question);
  return answers.map(({ value }) => value[0] ?? null).find(status => status !== null) ?? null;
}

/** A refusal of the RPC to take the bytes says nothing about the chain: it is as if it had not answered. */
async function send(chain: Chain, tx: InFlight, step: Step): Promise<void> {
  const wire = tx.wire.toString('base64') as Base64EncodedWireTransaction;
  try {
    await chain.ask(step, rpc => rpc.sendTransaction(wire, { encoding: 'base64', skipPreflight: true, maxRetries: 0n }));
  } catch (error) {
    if (error instanceof ChainUnavailable) throw error;
  }
}

const proveDead = (chain: Chain, tx: InFlight, step: Step) =>
  proveAbsent(chain, step, tx, tx.lastValidBlockHeight, searchSignature(tx.signature));

/** Waits, or less when aborted. */
export const pause = (ms: number, abort: AbortSignal): Promise<void> =>
  new Promise(resolve => {
    if (abort.aborted) return resolve();
    const timer = setTimeout(done, ms);
    function done() {
      clearTimeout(timer);
      abort.removeEventListener('abort', done);
      resolve();
    }
    abort.addEventListener('abort', done);
  });
