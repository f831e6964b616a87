import { z } from 'zod';

const match = {
  method: z.string().optional(),
  signature: z.string().optional(),
  account: z.string().optional(),
  node: z.enum(['main', 'lagging']).optional(),
  /** For the next so many calls that it meets; without, until cleared. */
  times: z.int().min(1).optional(),
};

const transactionError = z.union([z.string(), z.record(z.string(), z.unknown())]);

/** The body of `POST /fault`. */
export const faultBody = z.discriminatedUnion('kind', [
  z.strictObject({ ...match, kind: z.literal('error_before_accept'), code: z.int().optional(), message: z.string().optional() }),
  z.strictObject({ ...match, kind: z.literal('accept_lose_answer'), answer: z.enum(['reset', 'error']).optional() }),
  z.strictObject({ ...match, kind: z.literal('delay'), ms: z.int().min(0), after: z.boolean().optional() }),
  z.strictObject({ ...match, kind: z.literal('rate_limit'), retry_after_s: z.int().min(0).optional() }),
  z.strictObject({ ...match, kind: z.literal('unavailable') }),
  z.strictObject({ ...match, kind: z.literal('reset_mid_body') }),
  z.strictObject({ ...match, kind: z.literal('never_land') }),
  /** Seen at a level of commitment for so many slots, then gone, as if it had never been. */
  z.strictObject({
    ...match,
    kind: z.literal('gone'),
    seen: z.enum(['processed', 'confirmed']),
    slots: z.int().min(1).max(30).default(4),
  }),
  /** Lands with an error; the fee is taken. */
  z.strictObject({
    ...match,
    kind: z.literal('fail_on_chain'),
    err: transactionError.default({ InstructionError: [0, { Custom: 1 }] }),
  }),
  /** Seen with an error at processed for so many slots, then landed with success. */
  z.strictObject({ ...match, kind: z.literal('error_then_success'), slots: z.int().min(1).max(30).default(2) }),
  /** The call is answered as the node knew things so many slots ago. */
  z.strictObject({ ...match, kind: z.literal('lag'), slots: z.int().min(1).max(300) }),
  /** The node does not have these blocks. */
  z.strictObject({ ...match, kind: z.literal('gap'), from_slot: z.int().min(0), to_slot: z.int().min(0) }),
  /** The node has forgotten statuses (of `signature`, or all): its cache, or with `history` every trace. */
  z.strictObject({ ...match, kind: z.literal('forget_statuses'), history: z.boolean().default(false) }),
]);

/** A fault as it is asked for. Every condition given must hold; without any it meets every call. */
export type FaultBody = z.infer<typeof faultBody>;
