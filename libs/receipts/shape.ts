import { z } from 'zod';

const hash = z.string().regex(/^[0-9a-f]{64}$/);
const amount = z.string().regex(/^(0|[1-9][0-9]{0,19})$/);
const text = z.string().min(1);

const place = {
  agent: text,
  nonce: z.number().int().nonnegative(),
  ts: text,
  prev_receipt_hash: hash.nullable(),
  receipt_hash: hash,
};

/** Versions 0.1 and 0.2, ours and those of others: a call that was paid for, refused or failed. */
const call = {
  ...place,
  kind: z.enum(['earn', 'spend']),
  decision: z.enum(['allow', 'deny', 'rejected']),
  price: z
    .looseObject({ amount: z.string(), currency: z.string(), network: z.string().optional(), asset: z.string().optional() })
    .nullable(),
  tx_sig: z.string().nullable().optional(),
};

/** Version 0.3: money moved again because of an earlier receipt. */
const moved = {
  ...place,
  v: z.literal('0.3'),
  price: z.looseObject({ amount, currency: text, network: text, asset: text }),
  tx_sig: text,
};

const given = {
  ...moved,
  original_tx_sig: text,
  original_receipt_hash: hash,
  destination_token_account: text,
  sequence: z.number().int().min(1),
  remaining_refundable_atomic: amount,
};

/** What the verifier relies on. Other fields may stand in a receipt; the hash covers them too. */
export const AnyReceipt = z.union([
  z.looseObject({ ...call, v: z.literal('0.1') }),
  z.looseObject({ ...call, v: z.literal('0.2'), protocol: z.enum(['x402', 'mpp']), mpp_settlement_tx: z.string().optional() }),
  z.looseObject({ ...given, kind: z.literal('refund'), refund_id: text }),
  z.looseObject({ ...given, kind: z.literal('cashback'), cashback_id: text }),
  z.looseObject({ ...moved, kind: z.literal('reversal'), voids_receipt_hash: hash }),
]);

export type AnyReceipt = z.infer<typeof AnyReceipt>;
export type CallReceipt = Extract<AnyReceipt, { v: '0.1' | '0.2' }>;
export type GivenReceipt = Extract<AnyReceipt, { kind: 'refund' | 'cashback' }>;
export type ReversalReceipt = Extract<AnyReceipt, { kind: 'reversal' }>;
