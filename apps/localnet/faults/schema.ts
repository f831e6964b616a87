import { z } from 'zod';

const match = {
  method: z.string().optional(),
  signature: z.string().optional(),
  account: z.string().optional(),
  node: z.enum(['main', 'lagging']).optional(),
  /** For the next so many calls that it meets; without, until cleared. */
  times: z.int().min(1).optional(),
};

/** The body of `POST /fault`. */
export const faultBody = z.discriminatedUnion('kind', [
  z.strictObject({ ...match, kind: z.literal('error_before_accept'), code: z.int().optional(), message: z.string().optional() }),
  z.strictObject({ ...match, kind: z.literal('accept_lose_answer'), answer: z.enum(['reset', 'error']).optional() }),
  z.strictObject({ ...match, kind: z.literal('delay'), ms: z.int().min(0), after: z.boolean().optional() }),
  z.strictObject({ ...match, kind: z.literal('rate_limit'), retry_after_s: z.int().min(0).optional() }),
  z.strictObject({ ...match, kind: z.literal('unavailable') }),
  z.strictObject({ ...match, kind: z.literal('reset_mid_body') }),
  z.strictObject({ ...match, kind: z.literal('never_land') }),
  z.strictObject({ ...match, kind: z.literal('lag'), slots: z.int().min(1) }),
]);

/** A fault as it is asked for. Every condition given must hold; without any it meets every call. */
export type FaultBody = z.infer<typeof faultBody>;
