import { z } from 'zod';
import { PAYMENT_STATUSES } from '#libs/states/payment';
import { Failure, Waiting } from '../http/waiting-schema.ts';
import {
  Address,
  AmountAtomic,
  ClientReference,
  Currency,
  Hash,
  ListQuery,
  listOf,
  Network,
  Signature,
  Time,
  WorkflowRef,
} from '../http/wire.ts';

export const PaymentStatus = z.enum(PAYMENT_STATUSES).meta({ id: 'PaymentStatus' });

const Delivery = z.strictObject({
  status: z.enum(['pending', 'forwarding', 'delivered', 'failed', 'unknown']),
  http_status: z.int().nullable(),
  error: z.string().nullable(),
});

export const Payment = z
  .strictObject({
    id: z.string(),
    network: Network,
    protocol: z.enum(['x402', 'mpp']),
    payment_link_id: z.string(),
    owner_agent: Address,
    status: PaymentStatus,
    amount_atomic: AmountAtomic.nullable().describe(
      'Captured: what the treasury’s balance rose by; null before the chain said so',
    ),
    price_atomic: AmountAtomic,
    currency: Currency,
    asset: Address,
    token_program: Address,
    payer: z.strictObject({ owner: Address, token_account: Address }).nullable(),
    tx_sig: Signature.nullable(),
    slot: z.string().nullable(),
    receipt_hash: Hash.nullable(),
    refunded_atomic: AmountAtomic,
    reserved_atomic: AmountAtomic,
    cashback_atomic: AmountAtomic,
    refundable_atomic: AmountAtomic,
    delivery: Delivery,
    network_fee_lamports: AmountAtomic.nullable(),
    waiting: Waiting.nullable(),
    needs_attention: z.boolean(),
    failure: Failure.nullable(),
    client_reference: z.string().nullable(),
    workflow: WorkflowRef,
    created_at: Time,
    settled_at: Time.nullable(),
    finalized_at: Time.nullable(),
  })
  .meta({ id: 'Payment' });

export const PaymentList = listOf(Payment, 'PaymentList');

export const PaymentQuery = z.strictObject({
  ...ListQuery,
  owner_agent: Address.optional(),
  payment_link_id: z.string().max(64).optional(),
  status: PaymentStatus.optional(),
  payer: Address.optional(),
  tx_sig: z.string().max(128).optional(),
  client_reference: ClientReference.optional(),
});
export type PaymentQuery = z.infer<typeof PaymentQuery>;
