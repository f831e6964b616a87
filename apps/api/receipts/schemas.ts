import { z } from 'zod';
import { REFUND_REASONS } from '#libs/refunds/request';
import { Address, AmountAtomic, AskedTime, Hash, ListQuery, listOf, Network, Signature, Time } from '../http/wire.ts';

const BodyHash = z
  .string()
  .regex(/^sha256:[0-9a-f]{64}$/)
  .nullable();

const common = {
  agent: Address,
  nonce: z.int().min(0),
  ts: Time,
  policy_v: z.string(),
  price: z.strictObject({ amount: AmountAtomic, currency: z.string(), network: Network, asset: Address }),
  tx_sig: Signature,
  prev_receipt_hash: Hash.nullable(),
  receipt_hash: Hash,
};

export const EarnReceipt = z
  .strictObject({
    ...common,
    v: z.literal('0.1'),
    kind: z.literal('earn'),
    request: z.strictObject({ method: z.string(), url: z.string(), body_hash: BodyHash, headers_hash: BodyHash.optional() }),
    decision: z.literal('allow'),
    reason: z.string().nullable(),
    facilitator: z.string().nullable(),
    payment_requirements_hash: z.string(),
    response: z.strictObject({ status: z.int(), body_hash: BodyHash }),
  })
  .meta({ id: 'EarnReceipt' });

export const RefundReceipt = z
  .strictObject({
    ...common,
    v: z.literal('0.3'),
    kind: z.literal('refund'),
    original_tx_sig: Signature,
    original_receipt_hash: Hash,
    refund_id: z.string(),
    destination_token_account: Address,
    sequence: z.int().min(1),
    remaining_refundable_atomic: AmountAtomic,
    reason: z.enum(REFUND_REASONS),
  })
  .meta({ id: 'RefundReceipt' });

export const ReversalReceipt = z
  .strictObject({ ...common, v: z.literal('0.3'), kind: z.literal('reversal'), voids_receipt_hash: Hash })
  .meta({ id: 'ReversalReceipt', description: 'Takes back a receipt whose transaction is proven gone from the chain.' });

export const Receipt = z.discriminatedUnion('kind', [EarnReceipt, RefundReceipt, ReversalReceipt]).meta({
  id: 'Receipt',
  description: 'One link of an agent’s hash chain: `receipt_hash` is SHA-256 over the RFC 8785 form of the rest.',
});

export const ReceiptList = listOf(Receipt, 'ReceiptList');

export const ReceiptQuery = z.strictObject({
  ...ListQuery,
  kind: z.enum(['earn', 'refund', 'cashback', 'reversal']).optional(),
  since: AskedTime.optional().describe('The same as `created[gte]`'),
});
export type ReceiptQuery = z.infer<typeof ReceiptQuery>;

/** JSON, or the text of JSON Lines: one receipt a line. */
export const VerifyChain = z.union([z.string(), z.strictObject({ chain: z.array(z.unknown()) })]).meta({ id: 'VerifyChain' });
export type VerifyChain = z.infer<typeof VerifyChain>;

export const Verdict = z
  .union([
    z.strictObject({ ok: z.literal(true), count: z.int().min(0) }),
    z.strictObject({ ok: z.literal(false), nonce: z.int().min(0), reason: z.string() }),
  ])
  .meta({ id: 'Verdict' });
