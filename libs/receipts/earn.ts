import type { Network } from '#libs/money/assets';
import type { Atoms } from '#libs/money/atoms';
import { type EarnBody, type Head, POLICY_VERSION } from './body.ts';

/** What an earn receipt says of a settled payment. */
export interface EarnFacts {
  /** The agent's mint. */
  agent: string;
  /** As the buyer sent it; `bodyHash` as `bodyHash()` makes it. */
  request: { method: string; url: string; bodyHash: string | null };
  /** What was captured. */
  amount: Atoms;
  currency: string;
  network: Network;
  /** The asset's mint. */
  asset: string;
  /** The URL of the facilitator that settled. */
  facilitator: string | null;
  txSig: string;
  /** Hex SHA-256 of the canonical offer that was paid. */
  paymentRequirementsHash: string;
  response: { status: number; bodyHash: string | null };
}

/** The earn receipt (v0.1) of an x402 payment, for its place in the chain. */
export function earnReceipt(facts: EarnFacts, head: Head): EarnBody {
  return {
    v: '0.1',
    kind: 'earn',
    agent: facts.agent,
    nonce: head.nonce,
    ts: head.ts.toISOString(),
    policy_v: POLICY_VERSION,
    request: { method: facts.request.method, url: facts.request.url, body_hash: facts.request.bodyHash },
    decision: 'allow',
    reason: null,
    price: { amount: facts.amount.toString(), currency: facts.currency, network: facts.network, asset: facts.asset },
    facilitator: facts.facilitator,
    tx_sig: facts.txSig,
    payment_requirements_hash: facts.paymentRequirementsHash,
    response: { status: facts.response.status, body_hash: facts.response.bodyHash },
    prev_receipt_hash: head.prevHash,
  };
}
