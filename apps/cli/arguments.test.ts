import { expect, test } from 'vitest';
import { SCOPES } from '#libs/accounts/scopes';
import { readCommand } from './arguments.ts';

const read = (line: string) => readCommand(line.split(' ').filter(word => word !== ''));

test('a key is minted with all scopes unless some are named', () => {
  const mint = { kind: 'mint', account: 'shop', label: 'minted by command', scopes: SCOPES, json: false };
  expect(read('keys mint --account shop --network devnet')).toEqual({ ...mint, network: 'solana-devnet' });
  expect(read('keys mint --network mainnet --account=shop --scopes all --json --label x')).toEqual({
    ...mint,
    network: 'solana-mainnet',
    label: 'x',
    json: true,
  });
  expect(read('keys mint --account shop --network devnet --scopes refunds:read,receipts:read')).toMatchObject({
    scopes: ['refunds:read', 'receipts:read'],
  });
});

test('migrate takes nothing', () => {
  expect(read('migrate')).toEqual({ kind: 'migrate' });
  expect(read('migrate now')).toMatchObject({ kind: 'usage', fault: 'migrate takes no arguments' });
});

test.each([
  ['', 'a command is missing'],
  ['keys', 'no command keys'],
  ['keys list', 'no command keys list'],
  ['keys mint', '--account is missing'],
  ['keys mint --account= --network devnet', '--account is missing'],
  ['keys mint --account shop', '--network must be devnet or mainnet'],
  ['keys mint --account shop --network testnet', '--network must be devnet or mainnet'],
  ['keys mint --account shop --network devnet --scopes refunds:fly', 'no scope "refunds:fly"'],
  ['keys mint --account shop --network devnet --scopes', 'argument missing'],
  ['keys mint --account shop --network devnet --force', "Unknown option '--force'"],
  ['keys mint shop --account shop --network devnet', "Unexpected argument 'shop'"],
])('%s: usage', (line, fault) => {
  expect(read(line)).toMatchObject({ kind: 'usage', fault: expect.stringContaining(fault) });
});

test('help is no fault', () => {
  expect(read('--help')).toEqual({ kind: 'usage', fault: null });
  expect(read('keys mint -h')).toEqual({ kind: 'usage', fault: null });
});
