import { z } from 'zod';
import { Failure } from '../http/waiting-schema.ts';
import { Address, AmountAtomic, Currency, Network, Signature, Time } from '../http/wire.ts';
import { PaymentStatus } from '../payments/schemas.ts';
import { RefundStatus } from '../refunds/schemas.ts';

const Requirements = z.strictObject({
  scheme: z.literal('exact'),
  network: z.string().describe('CAIP-2'),
  asset: Address,
  amount: AmountAtomic,
  payTo: Address,
  maxTimeoutSeconds: z.int(),
  extra: z.strictObject({
    feePayer: Address,
    memo: z.string().max(30),
    ebb: z.string().describe('Echo it: with it a lost answer can be had again'),
  }),
});

const PaymentRequiredV2 = z.strictObject({
  x402Version: z.literal(2),
  error: z.string(),
  resource: z.strictObject({ url: z.url(), description: z.string(), mimeType: z.string() }),
  accepts: z.array(Requirements).min(1),
  extensions: z.record(z.string(), z.unknown()),
});

const PaymentRequiredV1 = z.looseObject({ x402Version: z.literal(1), error: z.string(), accepts: z.array(z.unknown()).min(1) });

/** x402: the same as the header `PAYMENT-REQUIRED`; to callers who spoke v1, in its words. */
export const PaymentRequired = z.union([PaymentRequiredV2, PaymentRequiredV1]).meta({ id: 'PaymentRequired' });

export const SettlementPending = z
  .strictObject({
    code: z.literal('settlement_pending'),
    detail: z.string(),
    payment_id: z.string(),
    tx_sig: Signature.nullable(),
    status_url: z.url(),
  })
  .meta({ id: 'SettlementPending' });

export const BuyerStatus = z
  .strictObject({
    payment: z.strictObject({
      id: z.string(),
      network: Network,
      status: PaymentStatus,
      amount_atomic: AmountAtomic.nullable(),
      currency: Currency,
      asset: Address,
      tx_sig: Signature.nullable(),
      settled_at: Time.nullable(),
      finalized_at: Time.nullable(),
      failure: Failure.nullable(),
    }),
    delivery: z.strictObject({ status: z.string(), http_status: z.int().nullable(), error: z.string().nullable() }),
    refunds: z.array(
      z.strictObject({
        id: z.string(),
        status: RefundStatus,
        amount_atomic: AmountAtomic,
        reason: z.string(),
        tx_sig: Signature.nullable(),
        created_at: Time,
      }),
    ),
  })
  .meta({ id: 'BuyerStatus' });
