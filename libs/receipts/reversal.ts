import { type Head, POLICY_VERSION, type Receipt, type ReversalBody } from './body.ts';

/** The reversal receipt (v0.3) that takes back a receipt whose transaction is proven gone, for its place in the chain. */
export function reversalReceipt(voided: Pick<Receipt, 'agent' | 'price' | 'tx_sig' | 'receipt_hash'>, head: Head): ReversalBody {
  return {
    v: '0.3',
    kind: 'reversal',
    agent: voided.agent,
    nonce: head.nonce,
    ts: head.ts.toISOString(),
    policy_v: POLICY_VERSION,
    price: voided.price,
    tx_sig: voided.tx_sig,
    voids_receipt_hash: voided.receipt_hash,
    prev_receipt_hash: head.prevHash,
  };
}
