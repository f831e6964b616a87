import { z } from 'zod';
import { AccountSettings, SettingsChange } from '#libs/accounts/settings';
import { Address, ClientReference, Network, Time, TreasuryAccount } from '../http/wire.ts';

export const Settings = AccountSettings.meta({ id: 'AccountSettings', description: 'For both networks of the account.' });

export const ChangeSettings = SettingsChange.meta({
  id: 'ChangeAccountSettings',
  description: 'Any subset; what is left out stays as it is.',
});
export type ChangeSettings = SettingsChange;

export const Treasury = z
  .strictObject({
    id: z.string(),
    network: Network,
    kind: z.literal('platform'),
    owner: Address.describe('Fund it by sending tokens to the accounts below, or to this owner’s associated accounts'),
    status: z.enum(['opening', 'open']).describe('`open` once every token account can take and give money'),
    accounts: z.array(TreasuryAccount),
    created_at: Time,
  })
  .meta({ id: 'AccountTreasury', description: 'What refunds with `source: "platform"` are paid from; one per network.' });

export const MakeTreasury = z.strictObject({ client_reference: ClientReference.optional() }).meta({ id: 'MakeAccountTreasury' });
export type MakeTreasury = z.infer<typeof MakeTreasury>;
