import { isAddress } from '@solana/kit';
import { z } from 'zod';
import type { Reader, Tx } from '#libs/db/database';
import { PEOPLE_WAIT_DAYS } from '#libs/states/waiting';
import { DEFAULT_RENT_POLICY, RentPolicy } from './rent-policy.ts';

/** What an account has decided for itself. Kept as the account wrote it; what it left out has the default of this build. */
export const AccountSettings = z.strictObject({
  refund_window_days: z
    .int()
    .min(1)
    .max(3_650)
    .nullable()
    .default(null)
    .describe('Days after settlement within which a payment can be refunded; null: no limit'),
  max_refunds_per_payment: z
    .int()
    .min(1)
    .max(1_000)
    .nullable()
    .default(null)
    .describe('Refunds a payment may have, without failed and canceled ones; null: no limit'),
  rent_policy: RentPolicy.default(DEFAULT_RENT_POLICY).describe('What becomes of a refund whose destination was closed'),
  people_wait_days: z
    .int()
    .min(1)
    .max(365)
    .default(PEOPLE_WAIT_DAYS)
    .describe('Days that a refund waits for a person (an address, an approval, a signature) before it fails as `expired`'),
  funding_owners: z
    .array(z.string().max(64).refine(isAddress, 'A Solana address is needed: 32 bytes in base58.'))
    .max(20)
    .default([])
    .describe('Wallets the account funds its treasuries from: what comes from them is booked to owner funding, not to suspense'),
});
export type AccountSettings = z.infer<typeof AccountSettings>;

/** A change of some of them; null takes a limit away. */
export const SettingsChange = z.strictObject({
  refund_window_days: AccountSettings.shape.refund_window_days.unwrap().optional(),
  max_refunds_per_payment: AccountSettings.shape.max_refunds_per_payment.unwrap().optional(),
  rent_policy: RentPolicy.optional(),
  people_wait_days: AccountSettings.shape.people_wait_days.unwrap().optional(),
  funding_owners: AccountSettings.shape.funding_owners.unwrap().optional(),
});
export type SettingsChange = z.infer<typeof SettingsChange>;

/** The settings of an account, whole. Throws where the row holds what no build wrote: a defect. */
export async function readSettings(reader: Reader, accountId: string): Promise<AccountSettings> {
  const { settings } = await reader
    .selectFrom('accounts')
    .select('settings')
    .where('id', '=', accountId)
    .executeTakeFirstOrThrow();
  return AccountSettings.parse(settings);
}

/** Changes what is named and leaves the rest; two who change at once take turns. Returns all of them. */
export async function changeSettings(tx: Tx, accountId: string, change: SettingsChange): Promise<AccountSettings> {
  const { settings } = await tx
    .selectFrom('accounts')
    .select('settings')
    .where('id', '=', accountId)
    .forNoKeyUpdate()
    .executeTakeFirstOrThrow();
  const kept = { ...(settings as object), ...change };
  const whole = AccountSettings.parse(kept);
  await tx
    .updateTable('accounts')
    .set({ settings: JSON.stringify(kept) })
    .where('id', '=', accountId)
    .execute();
  return whole;
}
