import type { Network } from '#libs/money/assets';
import { type Atoms, atoms } from '#libs/money/atoms';
import { type Head, POLICY_VERSION, type RefundBody } from './body.ts';

/** What a refund receipt says of a leg that landed. */
export interface RefundFacts {
  /** The agent's mint. */
  agent: string;
  refundId: string;
  /** The leg's gross amount. */
  amount: Atoms;
  currency: string;
  network: Network;
  /** The asset's mint. */
  asset: string;
  txSig: string;
  /** The settled payment's transaction and earn receipt. */
  original: { txSig: string; receiptHash: string };
  destinationTokenAccount: string;
  reason: string;
}

/** What the chain says of the original before this receipt. */
export interface OriginalState {
  /** How many refund and cashback receipts name it. */
  count: number;
  amount: Atoms;
  /** The sum of those that were not taken back. */
  given: Atoms;
}

/** The refund receipt (v0.3) of a leg, for its place in the chain. Throws when it would give back more than the original. */
export function refundReceipt(facts: RefundFacts, original: OriginalState, head: Head): RefundBody {
  return {
    v: '0.3',
    kind: 'refund',
    agent: facts.agent,
    nonce: head.nonce,
    ts: head.ts.toISOString(),
    policy_v: POLICY_VERSION,
    price: { amount: facts.amount.toString(), currency: facts.currency, network: facts.network, asset: facts.asset },
    tx_sig: facts.txSig,
    original_tx_sig: facts.original.txSig,
    original_receipt_hash: facts.original.receiptHash,
    refund_id: facts.refundId,
    destination_token_account: facts.destinationTokenAccount,
    sequence: original.count + 1,
    remaining_refundable_atomic: atoms(original.amount - original.given - facts.amount).toString(),
    reason: facts.reason,
    prev_receipt_hash: head.prevHash,
  };
}
