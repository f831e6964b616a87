/** The wire form of receipts. Version 0.1 holds exactly these fields: its old verifiers drop others before they hash. */
export interface ReceiptPrice {
  /** Atoms, as text. */
  amount: string;
  currency: string;
  /** `solana-devnet` or `solana-mainnet`, never the CAIP-2 id. */
  network: string;
  /** The asset's mint. */
  asset: string;
}

/** Where in its agent's chain a receipt stands. */
export interface Head {
  nonce: number;
  prevHash: string | null;
  ts: Date;
}

interface Common {
  /** The agent's mint. */
  agent: string;
  nonce: number;
  ts: string;
  policy_v: string;
  price: ReceiptPrice;
  tx_sig: string;
  prev_receipt_hash: string | null;
}

/** A settled x402 payment. */
export interface EarnBody extends Common {
  v: '0.1';
  kind: 'earn';
  request: { method: string; url: string; body_hash: string | null };
  decision: 'allow';
  reason: null;
  facilitator: string | null;
  payment_requirements_hash: string;
  response: { status: number; body_hash: string | null };
}

/** Money given back to a payer: one receipt for each leg that landed. */
export interface RefundBody extends Common {
  v: '0.3';
  kind: 'refund';
  original_tx_sig: string;
  original_receipt_hash: string;
  refund_id: string;
  destination_token_account: string;
  /** 1 for the first refund or cashback receipt of the original, and so on, those counted that were taken back since. */
  sequence: number;
  /** What the receipts up to this one leave of the original, in atoms; money only reserved is not subtracted. */
  remaining_refundable_atomic: string;
  reason: string;
}

/** Takes back a receipt whose transaction is proven gone: sums leave out what it stood for. */
export interface ReversalBody extends Common {
  v: '0.3';
  kind: 'reversal';
  voids_receipt_hash: string;
}

export type Body = EarnBody | RefundBody | ReversalBody;
export type Receipt = Body & { receipt_hash: string };

/** The version of the rules by which `decision` was taken: every settled payment is let through. */
export const POLICY_VERSION = '0.1';
