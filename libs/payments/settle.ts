import { isSignature } from '@solana/kit';
import { blockTimeOf } from '#libs/chain/block-time';
import { ChainUnavailable } from '#libs/chain/chain';
import { type SettledTransfer, settledTransfer } from '#libs/chain/transfers';
import type { Network } from '#libs/money/assets';
import { asMint, asSignature, asTokenAccount, type Signature } from '#libs/money/solana-types';
import { chainOf, type Parts } from '#libs/parts';
import type { FacilitatorClient } from '#libs/paywall/facilitator-client';
import type { SettleOutcome } from '#libs/states/outcomes';
import type { WaitReason } from '#libs/states/waiting';
import { pause, type Watch } from '#libs/transfers/follow';
import { proveAbsent, type Search, searchSignature } from '#libs/transfers/prove';
import { type ChainTransaction, findBySignature, findInHistory, searchHistory } from './find.ts';
import { markSubmitted, type PaymentAtWork, type PaymentRef, takePayment, waitPayment } from './take.ts';

/**
 * Has a claimed proof settled, and proves what became of it on our own RPC. Before the submission mark a refusal is a
 * refusal; after it no answer of the facilitator ends anything, success included. Safe to repeat, and to run twice at
 * once: one message lands once. Returns within `activity_ms` and a few seconds.
 */
export async function settlePayment(parts: Parts, ref: PaymentRef, watch: Watch): Promise<SettleOutcome> {
  const taken = await takePayment(parts, ref, watch);
  if (taken.kind !== 'work') return taken;
  let { payment } = taken;
  const facilitator = parts.facilitators.get(payment.network as Network);
  if (!facilitator) return waitPayment(parts, payment, 'not_yet_sent');

  watch.beat();
  if (!payment.submitted) {
    const verified = await facilitator.verify('settle.verify', payment);
    if (verified.kind === 'unavailable') return waitPayment(parts, payment, 'not_yet_sent');
    if (verified.kind === 'invalid')
      return { kind: 'refused', code: verified.reason, message: verified.message ?? verified.reason };
    if (!(await markSubmitted(parts, ref))) {
      // Another run was quicker: it has submitted, or it was refused and has failed. What has failed is never submitted.
      const again = await takePayment(parts, ref, watch);
      if (again.kind !== 'work') return again;
      payment = again.payment;
    }
  }
  const outcome = await prove(parts, payment, facilitator, watch);
  return outcome.kind === 'dead' && payment.recorded ? { ...outcome, ...REVERSED } : outcome;
}

/** It is in the books, and has to be taken back there. */
const REVERSED = { code: 'payment_reversed', message: 'The payment was confirmed once and is proven gone from the chain.' };

/** Submits, and again every `resend_ms` (the same message), until the chain has it confirmed or it is proven dead. */
async function prove(parts: Parts, payment: PaymentAtWork, facilitator: FacilitatorClient, watch: Watch): Promise<SettleOutcome> {
  const until = performance.now() + watch.pace.activity_ms;
  const chain = chainOf(parts, payment.network);
  // Known where it was recorded once.
  let signature: Signature | null = payment.txSig === null ? null : asSignature(payment.txSig);
  let submittedAt: number | null = null;
  let reason: WaitReason = 'awaiting_confirmation';
  while (true) {
    watch.beat();
    try {
      const fresh = submittedAt === null && !payment.submitted;
      const found: Found | null = fresh ? null : await find(parts, payment, signature);
      if (found) {
        const outcome = (await judge(parts, found, payment)) ?? (await failedForGood(parts, found, payment));
        if (outcome) return outcome;
      }
      if (submittedAt === null || performance.now() - submittedAt >= watch.pace.resend_ms) {
        // Submitting comes first: it is always safe, and must not wait for providers that only a proof needs.
        const answer = await facilitator.settle('settle.submit', payment);
        // Counted from the answer, which may take longer than a resend: or the time limit below would never be looked at.
        submittedAt = performance.now();
        // Its answer is a hint where to look, no more, and may be anything; so look at once.
        if (answer.kind !== 'unavailable' && isSignature(answer.signature ?? '')) signature = asSignature(answer.signature ?? '');
        if (fresh) continue;
        const proof = await proveAbsent(chain, 'settle.prove', payment.mark, payment.lastValidBlockHeight, searchFor(payment));
        if (proof.kind === 'dead')
          return { kind: 'dead', code: 'transaction_never_landed', message: 'The payment expired without reaching the chain.' };
        reason = proof.kind === 'unknown' && proof.why !== 'not_expired' ? 'outcome_unknown' : 'awaiting_confirmation';
        continue;
      }
    } catch (error) {
      if (!(error instanceof ChainUnavailable)) throw error;
      reason = 'rpc_unavailable';
    }
    if (watch.abort.aborted || performance.now() >= until) return waitPayment(parts, payment, reason);
    await pause(watch.pace.poll_ms, watch.abort);
  }
}

/** In the history of the account; and by its signature too, where it was once known to have landed. */
function searchFor(payment: PaymentAtWork): Search {
  const inHistory = searchHistory(payment);
  if (payment.txSig === null) return inHistory;
  const bySignature = searchSignature(asSignature(payment.txSig));
  return async (rpc, from) => {
    const word = await bySignature(rpc, from);
    return word === 'absent' ? inHistory(rpc, from) : word;
  };
}

interface Found {
  signature: Signature;
  transaction: ChainTransaction;
}

async function find(parts: Parts, payment: PaymentAtWork, signature: Signature | null): Promise<Found | null> {
  const chain = chainOf(parts, payment.network);
  if (signature) {
    const transaction = await findBySignature(chain, 'settle.find', payment, signature);
    if (transaction) return { signature, transaction };
  }
  return findInHistory(chain, 'settle.find', payment);
}

/** Null where the transaction is there and brought nothing, or the node does not know yet when. */
async function judge(parts: Parts, found: Found, payment: PaymentAtWork): Promise<SettleOutcome | null> {
  const settled: SettledTransfer = settledTransfer(found.transaction, {
    account: asTokenAccount(payment.payToAccount),
    mint: asMint(payment.asset),
  });
  if (settled.kind === 'nothing') return null;
  const blockTime = settled.blockTime ?? (await blockTimeOf(chainOf(parts, payment.network), 'settle.find', settled.slot));
  if (blockTime === null) return null;
  return {
    kind: 'landed',
    landed: {
      tx_sig: found.signature,
      slot: String(settled.slot),
      block_time: blockTime.toISOString(),
      captured_atomic: settled.captured.toString(),
      fee_lamports: String(settled.feeLamports),
      payer:
        settled.kind === 'settled'
          ? { owner: settled.payer.owner, token_account: settled.payer.tokenAccount, how: settled.payer.how }
          : null,
    },
  };
}

/** A transaction that failed is dead once that is final; before, a fork may still tell otherwise. */
async function failedForGood(parts: Parts, found: Found, payment: PaymentAtWork): Promise<SettleOutcome | null> {
  const { value } = await chainOf(parts, payment.network).ask('settle.prove', rpc =>
    rpc.getSignatureStatuses([found.signature], { searchTransactionHistory: true }),
  );
  const status = value[0] ?? null;
  if (status === null || status.err === null || status.confirmationStatus !== 'finalized') return null;
  return { kind: 'dead', code: 'transaction_failed', message: 'The payment failed on chain.' };
}
