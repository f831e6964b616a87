import { isAddress } from '@solana/kit';
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

/** Given up for a reason, or paid by a transaction that Ebb did not send. */
export const ResolveBody = z.union([
  z.strictObject({ ...said, give_up: z.literal(true), reason: z.string().min(1).max(500) }),
  z.strictObject({ ...said, tx_sig: z.string().min(1).max(128) }),
]);
export type ResolveBody = z.infer<typeof ResolveBody>;

/** A payer's signature under a redirect. Its fields are signed as they stand, so they are taken in one form only. */
const Proof = z.strictObject({
  nonce: z
    .string()
    .regex(/^[A-Za-z0-9_-]{8,64}$/, '8 to 64 of A-Z a-z 0-9 _ -')
    .describe('Of the signer’s making; used once'),
  expires_at: z.iso.datetime().max(32).describe('RFC 3339 UTC, as it was signed'),
  signature: z.string().min(64).max(96).describe('ed25519 by the payer’s owner, base58, over the redirect message'),
});

export const DestinationBody = z.strictObject({
  owner: z.string().max(64).refine(isAddress, 'A Solana address is needed: 32 bytes in base58.'),
  proof: Proof.optional(),
});

export const ChangeBody = z
  .strictObject({
    destination: DestinationBody.optional(),
    metadata: z.record(z.string(), z.unknown()).optional(),
    client_reference: said.client_reference,
  })
  .refine(body => body.destination !== undefined || body.metadata !== undefined, {
    error: 'Name `destination`, `metadata` or both.',
  });
export type ChangeBody = z.infer<typeof ChangeBody>;
