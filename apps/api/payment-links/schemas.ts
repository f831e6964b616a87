import { z } from 'zod';
import { Address, AmountAtomic, ClientReference, Currency, ListQuery, listOf, Metadata, Network, Time } from '../http/wire.ts';

const Method = z.enum(['GET', 'POST', 'PUT', 'PATCH', 'DELETE']);
const Protocol = z.enum(['x402', 'mpp']);

const Delivery = z.strictObject({
  timeout_ms: z.int().min(1).max(120_000).default(30_000),
  on_failure: z.enum(['refund', 'keep']).default('refund'),
  refund_on_statuses: z
    .array(z.string().regex(/^([1-5][0-9]{2}|[1-5]xx)$/, 'A status such as "404", or a class such as "5xx".'))
    .max(20)
    .default(['5xx']),
  refund_unknown: z.boolean().default(true),
  max_auto_refunds_per_payer_day: z.int().min(0).max(10_000).default(10),
  replay_seconds: z.int().min(0).max(86_400).default(900),
});

const Response = z.strictObject({
  status: z.int().min(100).max(599).default(200),
  mimeType: z
    .string()
    .max(200)
    .regex(/^[\w.+-]+\/[\w.+-]+( ?; ?[\w.+-]+=("[\x20-\x21\x23-\x5b\x5d-\x7e]*"|[\w.+-]+))*$/, 'A media type is needed.')
    .default('application/json'),
  body: z.union([z.string(), z.record(z.string(), z.unknown()), z.array(z.unknown())]),
});

export const CreatePaymentLink = z
  .strictObject({
    id: z
      .string()
      .min(4)
      .max(64)
      .regex(/^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/, 'Of a-z, 0-9 and -, with no - at the ends.')
      .optional(),
    label: z.string().min(1).max(120),
    description: z.string().max(500).optional(),
    owner_agent: Address,
    method: Method,
    price: z.string().max(200).describe('`$0.10`, `0.10 USDC`, `0.10USDC` or `0.10`'),
    currency: Currency.optional().describe('USDC where neither this nor the price says otherwise'),
    accepts_currencies: z.array(Currency).max(3).default([]),
    protocol: Protocol.default('x402'),
    response: Response,
    webhook_url: z
      .url({ protocol: /^https?$/ })
      .max(2_000)
      .optional(),
    upstream_url: z
      .url({ protocol: /^https?$/ })
      .max(2_000)
      .optional(),
    expected_request_body: z.unknown().optional(),
    wrap_receipt: z.boolean().default(false),
    metadata: Metadata.default({}),
    delivery: Delivery.prefault({}),
    client_reference: ClientReference.optional(),
  })
  .meta({ id: 'CreatePaymentLink' });
export type CreatePaymentLink = z.infer<typeof CreatePaymentLink>;

/** A draft of a link: what creation takes, with what only a finished link needs left to choice. */
export const PreviewPaymentLink = CreatePaymentLink.extend({
  label: CreatePaymentLink.shape.label.optional(),
  response: Response.optional(),
}).meta({ id: 'PreviewPaymentLink' });
export type PreviewPaymentLink = z.infer<typeof PreviewPaymentLink>;

export const Accept = z
  .strictObject({
    scheme: z.literal('exact'),
    network: z.string().describe('CAIP-2'),
    pay_to: Address,
    asset: Address,
    amount: AmountAtomic,
    currency: Currency,
  })
  .meta({ id: 'Accept' });

const Counters = z.strictObject({
  call_count: z.int().min(0),
  settled_count: z.int().min(0),
  refunded_count: z.int().min(0),
  last_called_at: Time.nullable(),
  last_settled_at: Time.nullable(),
  last_tx_sig: z.string().nullable(),
  gross_atomic: AmountAtomic,
  refunded_atomic: AmountAtomic,
  cashback_atomic: AmountAtomic,
  net_atomic: AmountAtomic,
});

export const PaymentLink = z
  .strictObject({
    id: z.string(),
    network: Network,
    label: z.string(),
    description: z.string().nullable(),
    owner_agent: Address,
    pay_to: Address,
    method: Method,
    path: z.string(),
    price: z.string(),
    currency: Currency,
    accepts_currencies: z.array(Currency),
    protocol: Protocol,
    facilitator: z.string().nullable(),
    share_url: z.url(),
    accepts: z.array(Accept),
    response: Response.required(),
    webhook_url: z.string().nullable(),
    wrap_receipt: z.boolean(),
    metadata: Metadata,
    delivery: Delivery.required(),
    counters: Counters,
    disabled_at: Time.nullable(),
    created_at: Time,
    updated_at: Time,
  })
  .meta({ id: 'PaymentLink' });

export const PaymentLinkPreview = z
  .strictObject({ accepts: z.array(Accept), pay_to: Address, facilitator: z.string().nullable() })
  .meta({ id: 'PaymentLinkPreview' });

export const PaymentLinkList = listOf(PaymentLink, 'PaymentLinkList');

export const PaymentLinkQuery = z.strictObject({
  ...ListQuery,
  owner_agent: Address.optional(),
  include_disabled: z.stringbool({ truthy: ['true', '1'], falsy: ['false', '0'] }).optional(),
});
export type PaymentLinkQuery = z.infer<typeof PaymentLinkQuery>;
