import { expect, test } from 'vitest';
import { readConfig, Settings } from '#libs/config/config';
import { settingsFor, stackSettings } from './settings.ts';
import { PART_KINDS } from './stack-options.ts';

const ports = {
  postgres: 1,
  temporal: 2,
  temporalUi: 3,
  localnet: 4,
  localnetAdmin: 7,
  localnetLagging: 8,
  facilitator: 5,
  api: 6,
};
const secrets = {
  EBB_MASTER_KEY: Buffer.alloc(32, 1).toString('base64'),
  EBB_SPONSOR_KEY: Buffer.alloc(64, 2).toString('base64'),
  EBB_FEE_PAYER_KEY: Buffer.alloc(64, 3).toString('base64'),
  EBB_FACILITATOR_TOKEN: 'a token of a facilitator',
};
const source = { ports, secrets, ui: true, given: {}, env: {} };

test('every setting is one that the config knows, and the config accepts them', () => {
  const settings = stackSettings(source);
  expect(Object.keys(settings).filter(name => !(name in Settings.shape))).toEqual([]);
  expect(readConfig(settings).SOLANA_DEVNET_RPC_URL).toEqual(['http://127.0.0.1:4']);
});

test('what somebody gave stands over the stack, and what is asked of this stack over both', () => {
  const given = { SOLANA_DEVNET_RPC_URL: 'https://a.example', EBB_LOG_LEVEL: 'debug', TEMPORAL_ADDRESS: 'temporal.example:7233' };
  const settings = stackSettings({ ...source, given, env: { EBB_LOG_LEVEL: 'trace' } });
  expect(settings.SOLANA_DEVNET_RPC_URL).toBe('https://a.example');
  expect(settings.EBB_LOG_LEVEL).toBe('trace');
  expect(settings.TEMPORAL_UI_URL).toBeUndefined();
});

test('the sponsor key is the facilitator’s alone, the fee payer’s and the master key never there', () => {
  const settings = stackSettings(source);
  const holders = (name: string) => PART_KINDS.filter(kind => name in settingsFor(kind, settings));
  expect(holders('EBB_SPONSOR_KEY')).toEqual(['facilitator']);
  expect(holders('EBB_FEE_PAYER_KEY')).toEqual(['api', 'worker']);
  expect(holders('EBB_MASTER_KEY')).toEqual(['api', 'relay', 'worker']);
});
