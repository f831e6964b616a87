import { z } from 'zod';
import { ChangeBody, DestinationBody } from '#libs/refunds/acts/bodies';
import { REFUND_REASONS } from '#libs/refunds/request';
import { REFUND_STATUSES } from '#libs/states/refund';
import { Failure, Waiting } from '../http/waiting-schema.ts';
import {
  Address,
  AmountAtomic,
  AskedTime,
  ClientReference,
  Currency,
  Hash,
  ListQuery,
  listOf,
  Metadata,
  Network,
  Signature,
  Time,
  WorkflowRef,
} from '../http/wire.ts';
import { PaymentStatus } from '../payments/schemas.ts';

const Reason = z.enum(REFUND_REASONS);
const Source = z.enum(['merchant', 'platform']);
const NAMES = ['payment_id', 'original_tx_sig', 'original_receipt_hash'] as const;

export const CreateRefund = z
  .strictObject({
    payment_id: z.string().min(1).max(64).optional(),
    original_tx_sig: z.string().min(1).max(128).optional(),
    original_receipt_hash: z.string().min(1).max(128).optional(),
    amount_atomic: AmountAtomic.optional().describe('Left out: all that is left'),
    expected_refundable_atomic: AmountAtomic.optional().describe(
      'Refused with `balance_changed` when the payment has another amount left',
    ),
    reason: Reason.optional(),
    reason_text: z.string().max(500).optional(),
    external_id: z.string().min(1).max(128).optional(),
    source: Source.optional(),
    fee: z.strictObject({ amount_atomic: AmountAtomic }).optional(),
    destination: DestinationBody.optional(),
    metadata: Metadata.optional(),
    client_reference: ClientReference.optional(),
  })
  .refine(body => NAMES.filter(name => body[name] !== undefined).length === 1, {
    error: `Exactly one of ${NAMES.join(', ')} is needed.`,
  })
  .meta({
    id: 'CreateRefund',
    description: 'Exactly one of payment_id, original_tx_sig and original_receipt_hash names the payment.',
  });
export type CreateRefund = z.infer<typeof CreateRefund>;

export const RefundStatus = z.enum(REFUND_STATUSES).meta({ id: 'RefundStatus' });

const Attempt = z.strictObject({
  attempt: z.int().min(1),
  signature: Signature,
  last_valid_block_height: z.string(),
  outcome: z.enum(['live', 'landed', 'dead']),
});

const Transfer = z
  .strictObject({
    id: z.string(),
    leg: z.int().min(0),
    amount_atomic: AmountAtomic.describe('What the payment gives: with what is kept of it as a fee'),
    payer_receives_atomic: AmountAtomic.describe('What the chain moves'),
    destination_token_account: Address.nullable().describe('Where it went; null until it has'),
    status: z.enum(['reserved', 'sent', 'landed', 'posted', 'voided']),
    tx_sig: Signature.nullable(),
    slot: z.string().nullable(),
    network_fee_lamports: AmountAtomic.nullable().describe('Its share of the transaction’s fee'),
    rent_lamports: AmountAtomic.nullable().describe(
      'What opening its destination took beside the fee; null until it has landed, or where the chain did not say',
    ),
    attempts: z.array(Attempt),
  })
  .meta({ id: 'Transfer' });

const RunningBalances = z.strictObject({
  id: z.string(),
  status: PaymentStatus,
  amount_atomic: AmountAtomic,
  refunded_atomic: AmountAtomic,
  reserved_atomic: AmountAtomic,
  cashback_atomic: AmountAtomic,
  refundable_atomic: AmountAtomic,
});

export const Refund = z
  .strictObject({
    id: z.string(),
    payment_id: z.string(),
    batch_id: z.string().nullable(),
    network: Network,
    owner_agent: Address,
    status: RefundStatus,
    waiting: Waiting.nullable(),
    needs_attention: z.boolean(),
    amount_atomic: AmountAtomic,
    payer_receives_atomic: AmountAtomic,
    moved_atomic: AmountAtomic,
    voided_atomic: AmountAtomic,
    currency: Currency,
    asset: Address,
    source: Source,
    fee: z.strictObject({ amount_atomic: AmountAtomic }).nullable(),
    destination: z
      .strictObject({
        owner: Address,
        token_account: Address.nullable(),
        how: z.enum(['payer', 'payer_reopened', 'redirect_signed', 'redirect_scope', 'unknown']),
      })
      .nullable(),
    original_tx_sig: Signature,
    original_receipt_hash: Hash.nullable(),
    tx_sig: Signature.nullable(),
    receipt_hash: Hash.nullable(),
    transfers: z.array(Transfer),
    reason: Reason,
    reason_text: z.string().nullable(),
    external_id: z.string().nullable(),
    metadata: Metadata,
    client_reference: z.string().nullable(),
    initiator: z.strictObject({ type: z.string(), id: z.string() }),
    approval: z.strictObject({ by: z.string(), at: Time, reason: z.string().nullable() }).nullable(),
    failure: Failure.nullable(),
    payment: RunningBalances,
    workflow: WorkflowRef,
    created_at: Time,
    updated_at: Time,
    completed_at: Time.nullable(),
    finalized_at: Time.nullable(),
  })
  .meta({ id: 'Refund' });

export const ChangeRefund = ChangeBody.meta({
  id: 'ChangeRefund',
  description: 'A destination while nothing signed for the refund can land; metadata, replaced whole, at any time.',
});
export type ChangeRefund = ChangeBody;

/** A refund that is only asked about: nothing is kept under a key, nothing is reserved. */
export const RefundPreview = z
  .strictObject({
    payment_id: z.string(),
    network: Network,
    currency: Currency,
    asset: Address,
    refundable_atomic: AmountAtomic,
    refunded_atomic: AmountAtomic,
    reserved_atomic: AmountAtomic,
    amount_atomic: AmountAtomic.nullable().describe('Null where the amount itself is refused'),
    payer_receives_atomic: AmountAtomic.nullable(),
    destination: z
      .strictObject({
        owner: Address,
        token_account: Address,
        how: z.enum(['payer', 'payer_reopened', 'redirect_signed', 'redirect_scope']),
      })
      .nullable(),
    legs: z.array(z.strictObject({ leg: z.int().min(0), amount_atomic: AmountAtomic, payer_receives_atomic: AmountAtomic })),
    status: z.enum(['pending', 'requires_address']).nullable().describe('Null where it would be refused'),
    waiting: Waiting.nullable().describe('What it would wait for before it is sent'),
    chain_asked: z.boolean().describe('Without the chain’s answer, `waiting` and the fee are not known'),
    network_fee_lamports: AmountAtomic.nullable(),
    rent_lamports: AmountAtomic.nullable().describe(
      'What opening the destination would take; null where the chain was not asked',
    ),
    known_refund_id: z.string().nullable().describe('The refund that bears this external_id already'),
    refusals: z
      .array(
        z.strictObject({
          code: z.string(),
          status: z.int(),
          detail: z.string(),
          members: z.record(z.string(), z.unknown()),
        }),
      )
      .describe('The first is what the request would be answered'),
  })
  .meta({ id: 'RefundPreview' });

export const RefundList = listOf(Refund, 'RefundList');

export const RefundQuery = z.strictObject({
  ...ListQuery,
  payment_id: z.string().max(64).optional(),
  status: RefundStatus.optional(),
  external_id: z.string().max(128).optional(),
  owner_agent: Address.optional(),
  needs_attention: z.stringbool({ truthy: ['true', '1'], falsy: ['false', '0'] }).optional(),
  tx_sig: z.string().max(128).optional(),
  payer: Address.optional(),
  reason: Reason.optional(),
  failure_code: z.string().max(64).optional(),
  client_reference: ClientReference.optional(),
  batch_id: z.string().max(64).optional(),
  'completed[gte]': AskedTime.optional(),
  'completed[lt]': AskedTime.optional(),
  'finalized[gte]': AskedTime.optional(),
  'finalized[lt]': AskedTime.optional(),
});
export type RefundQuery = z.infer<typeof RefundQuery>;
