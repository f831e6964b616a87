import { AccountSettings, SettingsChange } from '#libs/accounts/settings';

export const Settings = AccountSettings.meta({ id: 'AccountSettings', description: 'For both networks of the account.' });

export const ChangeSettings = SettingsChange.meta({
  id: 'ChangeAccountSettings',
  description: 'Any subset; what is left out stays as it is.',
});
export type ChangeSettings = SettingsChange;
