import { type Address, none, some } from '@solana/kit';
import { AccountState, type ExtensionArgs, extension, getMintEncoder, getMintSize } from '@solana-program/token-2022';
import { describe, expect, test } from 'vitest';
import { associatedAccountBytes, readMint } from '#libs/chain/mint';
import { SYSTEM_PROGRAM, TOKEN_2022_PROGRAM, TOKEN_PROGRAM } from '#libs/chain/programs';
import { named } from '#libs/chain/transaction.fixture';
import { assetOf } from '#libs/money/assets';
import { mintFault } from './mint-fitness.ts';

const USDC = assetOf('solana-devnet', 'USDC').mint;
const USDG = assetOf('solana-devnet', 'USDG').mint;
const issuer = named('issuer');

const account = (program: Address, extensions: ExtensionArgs[] | null) => {
  const data = getMintEncoder().encode({
    mintAuthority: some(issuer),
    supply: 1n,
    decimals: 6,
    isInitialized: true,
    freezeAuthority: some(issuer),
    extensions: extensions === null ? none() : some(extensions),
  });
  return { owner: program, data: [Buffer.from(data).toString('base64'), 'base64'] as const };
};
const usdg = (...extensions: ExtensionArgs[]) => readMint(account(TOKEN_2022_PROGRAM, extensions));
const fee = (basisPoints: number, maximumFee = 1_000n, epoch = 0n) => ({
  epoch,
  maximumFee,
  transferFeeBasisPoints: basisPoints,
});
const fees = (olderTransferFee: ReturnType<typeof fee>, newerTransferFee = olderTransferFee) =>
  extension('TransferFeeConfig', {
    transferFeeConfigAuthority: issuer,
    withdrawWithheldAuthority: issuer,
    withheldAmount: 0n,
    olderTransferFee,
    newerTransferFee,
  });
const hook = (programId: Address) => extension('TransferHook', { authority: issuer, programId });
const metadata = extension('TokenMetadata', {
  updateAuthority: some(issuer),
  mint: USDG,
  name: 'Global Dollar',
  symbol: 'USDG',
  uri: 'https://example.test/a-long-one',
  additionalMetadata: new Map([['a', 'b']]),
});

describe('a mint on which a transfer does what it says', () => {
  test.each([
    ['of the classic program', USDC, readMint(account(TOKEN_PROGRAM, null))],
    ['without extensions', USDG, readMint(account(TOKEN_2022_PROGRAM, null))],
    [
      'with all that USDG has',
      USDG,
      usdg(
        extension('PermanentDelegate', { delegate: issuer }),
        extension('MintCloseAuthority', { closeAuthority: issuer }),
        fees(fee(0)),
        hook(SYSTEM_PROGRAM),
        extension('DefaultAccountState', { state: AccountState.Initialized }),
        extension('PausableConfig', { authority: some(issuer), paused: false }),
        extension('MetadataPointer', { authority: some(issuer), metadataAddress: some(USDG) }),
        metadata,
      ),
    ],
    ['with a fee of which nothing is ever taken', USDG, usdg(fees(fee(50, 0n)))],
  ])('%s', (_, mint, found) => {
    expect(found).not.toBeNull();
    expect(mintFault(mint, found)).toBeNull();
  });
});

describe('nothing is signed for a mint', () => {
  test.each([
    [
      'that is paused',
      usdg(metadata, extension('PausableConfig', { authority: some(issuer), paused: true })),
      'paused',
      /resumes/,
    ],
    ['that takes a fee', usdg(fees(fee(50))), 'transfer_fee', /50 basis points/],
    ['that has announced a fee', usdg(fees(fee(0), fee(25, 9n, 900n))), 'transfer_fee', /25 basis points/],
    ['with a program in every transfer', usdg(hook(named('hook'))), 'transfer_hook', /transfer hook/],
    [
      'that freezes each new account',
      usdg(extension('DefaultAccountState', { state: AccountState.Frozen })),
      'frozen_by_default',
      /freezes/,
    ],
    [
      'with an extension that the list does not name',
      usdg(
        metadata,
        extension('InterestBearingConfig', {
          rateAuthority: issuer,
          initializationTimestamp: 0n,
          preUpdateAverageRate: 0,
          lastUpdateTimestamp: 0n,
          currentRate: 0,
        }),
      ),
      'unknown_extension',
      /extension 10/,
    ],
    ['that is not there', null, 'gone', /there again/],
    ['that another program holds', readMint({ owner: SYSTEM_PROGRAM, data: [''] }), 'gone', /there again/],
    ['that the other token program holds', readMint(account(TOKEN_PROGRAM, null)), 'gone', /there again/],
  ])('%s', (_, mint, kind, told) => {
    expect(mintFault(USDG, mint)).toMatchObject({ kind, ends_when: expect.stringMatching(told) });
  });

  test('an extension nobody knows is no more tolerated than one that is known', () => {
    const [base64] = account(TOKEN_2022_PROGRAM, [metadata]).data;
    const bytes = Buffer.concat([Buffer.from(base64, 'base64'), Buffer.from([200, 0, 2, 0, 1, 1])]);
    const mint = readMint({ owner: TOKEN_2022_PROGRAM, data: [bytes.toString('base64')] });
    expect(mintFault(USDG, mint)).toMatchObject({ kind: 'unknown_extension', ends_when: expect.stringContaining('200') });
    // Nor is one that USDG may have tolerated for a mint that has no list.
    expect(mintFault(USDC, readMint(account(TOKEN_PROGRAM, null)))).toBeNull();
  });

  test('a fee that is given up counts until the epoch it ends in', () => {
    expect(mintFault(USDG, usdg(fees(fee(50), fee(0, 0n, 812n))))).toMatchObject({ kind: 'transfer_fee', over_at_epoch: 812n });
  });

  test('a list that breaks off is no mint', () => {
    const [base64] = account(TOKEN_2022_PROGRAM, [metadata]).data;
    const bytes = Buffer.from(base64, 'base64');
    expect(readMint({ owner: TOKEN_2022_PROGRAM, data: [bytes.subarray(0, -5).toString('base64')] })).toBeNull();
  });
});

test('an associated account has room for what the mint’s extensions add to it', () => {
  const bytes = (mint: ReturnType<typeof usdg>) => mint && associatedAccountBytes(mint);
  expect(bytes(readMint(account(TOKEN_PROGRAM, null)))).toBe(165);
  expect(bytes(usdg())).toBe(170);
  expect(bytes(usdg(fees(fee(0)), hook(SYSTEM_PROGRAM), metadata))).toBe(170 + 12 + 5);
  expect(getMintSize()).toBe(82);
});
