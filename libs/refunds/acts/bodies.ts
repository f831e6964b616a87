import { z } from 'zod';

/** What may be said with an act. One shape for the API and for updates sent from the Temporal UI. */
const said = {
  reason: z.string().min(1).max(500).optional(),
  client_reference: z.string().min(1).max(256).optional(),
};

export const CancelBody = z.strictObject(said);
export type CancelBody = z.infer<typeof CancelBody>;

export const RetryBody = z.strictObject(said);
export type RetryBody = z.infer<typeof RetryBody>;
