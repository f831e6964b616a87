import { z } from 'zod';

/**
 * Whether a refund to a closed token account opens the owner's associated account again. Opening one costs its rent (about
 * 0.002 SOL), which whoever closes it afterwards keeps.
 */
export const RentPolicy = z.strictObject({
  reopen: z
    .enum(['never', 'when_worth', 'always'])
    .default('when_worth')
    .describe(
      'never: ask for an address; when_worth: from min_atomic on; always: whatever the amount. At most once per owner and asset',
    ),
  min_atomic: z
    .string()
    .regex(/^(0|[1-9][0-9]{0,18})$/)
    .default('1000000')
    .describe('The smallest refund, in atoms, that is worth the rent; counts for when_worth'),
});
export type RentPolicy = z.infer<typeof RentPolicy>;

/** A dollar: some three times the rent. */
export const DEFAULT_RENT_POLICY: RentPolicy = { reopen: 'when_worth', min_atomic: '1000000' };
