import { type Address, generateKeyPairSigner, type Instruction } from '@solana/kit';
import { getCreateAccountInstruction } from '@solana-program/system';
import {
  getApproveInstruction,
  getCloseAccountInstruction,
  getCreateAssociatedTokenIdempotentInstruction,
  getInitializeAccount3Instruction,
  getRecoverNestedAssociatedTokenInstruction,
  getTransferCheckedInstruction,
} from '@solana-program/token';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Lab, USDC, USDG } from '#apps/localnet/testing/lab';
import { tokenAccount } from '#apps/localnet/testing/wallets';
import { asMint, asTokenAccount } from '#libs/money/solana-types';
import { TOKEN_2022_PROGRAM, TOKEN_PROGRAM } from './programs.ts';
import { settledTransfer } from './transfers.ts';

/** Who paid, read from transactions that the programs really carried out; what only a validator or p-token can make is recorded. */

let lab: Lab;
let treasury: Address;
let purse: Address;
beforeAll(async () => {
  lab = await Lab.start();
  [treasury, purse] = [await tokenAccount(lab.treasury, USDC), await tokenAccount(lab.buyer, USDC)];
});
afterAll(() => lab.close());

/** Lands it, and reads what it brought to an account of the treasury's owner. */
async function landed(instructions: Instruction[], to = treasury, mint: Address = USDC) {
  const built = await lab.build(instructions);
  await lab.send(built);
  await lab.jump(3);
  const asked = { commitment: 'confirmed', maxSupportedTransactionVersion: 0, encoding: 'base64' };
  const answer = await lab.result('getTransaction', built.signature, asked);
  expect(answer?.meta?.err, JSON.stringify(answer?.meta?.logMessages)).toBeNull();
  return settledTransfer(answer, { account: asTokenAccount(to), mint: asMint(mint) });
}

const pay = (amount: bigint, by = lab.buyer, from = purse) =>
  getTransferCheckedInstruction({ source: from, mint: USDC, destination: treasury, authority: by, amount, decimals: 6 });
const paid = (captured: bigint, owner: string, account: string, how = 'balances') => ({
  kind: 'settled',
  captured,
  payer: { owner, tokenAccount: account, how },
});
const doubtful = (captured: bigint, reason: string) => ({
  kind: 'not_derivable',
  captured,
  reason: expect.stringContaining(reason),
});

describe('the payer is the owner of what the money came from:', () => {
  test('the sponsor pays the fee', async () => {
    expect(await landed([pay(100n)])).toMatchObject(paid(100n, lab.buyer.address, purse));
  });

  test.each(['a stranger', 'the sponsor'])('%s signs as delegate', async who => {
    const delegate = who === 'the sponsor' ? lab.sponsor : await generateKeyPairSigner();
    const approve = getApproveInstruction({ source: purse, delegate: delegate.address, owner: lab.buyer, amount: 200n });
    expect(await landed([approve, pay(150n, delegate)])).toMatchObject(paid(150n, lab.buyer.address, purse));
  });

  test('the account was opened, funded and closed within the transaction', async () => {
    const [account, owner] = [await generateKeyPairSigner(), await generateKeyPairSigner()];
    const rent = BigInt(await lab.result('getMinimumBalanceForRentExemption', 165));
    const to = { mint: USDC, destination: account.address, authority: lab.buyer, amount: 70n, decimals: 6 };
    const instructions = [
      getCreateAccountInstruction({
        payer: lab.sponsor,
        newAccount: account,
        lamports: rent,
        space: 165,
        programAddress: TOKEN_PROGRAM,
      }),
      getInitializeAccount3Instruction({ account: account.address, mint: USDC, owner: owner.address }),
      getTransferCheckedInstruction({ source: purse, ...to }),
      pay(70n, owner, account.address),
      getCloseAccountInstruction({ account: account.address, destination: lab.sponsor.address, owner }),
    ];
    expect(await landed(instructions)).toMatchObject(paid(70n, owner.address, account.address, 'initialize'));
  });

  test('the associated-token program opened it, and the treasury’s account, just before', async () => {
    const owner = await generateKeyPairSigner();
    const [account, fresh] = [await tokenAccount(owner, USDC), await generateKeyPairSigner()];
    const to = await tokenAccount(fresh, USDC);
    const open = (whose: Address, ata: Address) =>
      getCreateAssociatedTokenIdempotentInstruction({ payer: lab.sponsor, owner: whose, mint: USDC, ata });
    const instructions = [
      open(owner.address, account),
      open(fresh.address, to),
      getTransferCheckedInstruction({
        source: purse,
        mint: USDC,
        destination: account,
        authority: lab.buyer,
        amount: 60n,
        decimals: 6,
      }),
      getTransferCheckedInstruction({ source: account, mint: USDC, destination: to, authority: owner, amount: 60n, decimals: 6 }),
    ];
    expect(await landed(instructions, to)).toMatchObject(paid(60n, owner.address, account, 'initialize'));
  });
});

describe('nobody can be told to have paid', () => {
  test('where two transfers reached the treasury', async () => {
    expect(await landed([pay(40n), pay(2n)])).toMatchObject(doubtful(42n, 'more than one'));
  });

  test('where a program moved it from an account of its own, as a swap does', async () => {
    // The associated account of the treasury's associated account: only the program can take what was sent there by mistake.
    const nested = await tokenAccount(treasury, USDC);
    const lost = [
      getCreateAssociatedTokenIdempotentInstruction({ payer: lab.sponsor, owner: treasury, mint: USDC, ata: nested }),
      getTransferCheckedInstruction({
        source: purse,
        mint: USDC,
        destination: nested,
        authority: lab.buyer,
        amount: 30n,
        decimals: 6,
      }),
    ];
    expect(await landed(lost)).toMatchObject({ kind: 'nothing', error: null });
    const recover = getRecoverNestedAssociatedTokenInstruction({
      nestedAssociatedAccountAddress: nested,
      nestedTokenMintAddress: USDC,
      destinationAssociatedAccountAddress: treasury,
      ownerAssociatedAccountAddress: treasury,
      ownerTokenMintAddress: USDC,
      walletAddress: lab.treasury,
    });
    expect(await landed([recover])).toMatchObject(doubtful(30n, 'an account of its own'));
  });

  test('where the mint kept part of it', async () => {
    await lab.admin('POST /mint-to', { owner: lab.buyer.address, mint: USDG, amount_atomic: '1000000' });
    await lab.admin('POST /mint-to', { owner: lab.treasury.address, mint: USDG, amount_atomic: '0' });
    await lab.admin('POST /mint', { mint: USDG, transfer_fee_basis_points: 100 });
    await lab.jump(3);
    const [from, to] = [
      await tokenAccount(lab.buyer, USDG, TOKEN_2022_PROGRAM),
      await tokenAccount(lab.treasury, USDG, TOKEN_2022_PROGRAM),
    ];
    const taxed = getTransferCheckedInstruction(
      { source: from, mint: USDG, destination: to, authority: lab.buyer, amount: 1_000n, decimals: 6 },
      { programAddress: TOKEN_2022_PROGRAM },
    );
    expect(await landed([taxed], to, USDG)).toMatchObject(doubtful(990n, 'not what the balance rose by'));
  });

  test('where it was minted', async () => {
    const { signature } = await lab.admin('POST /mint-to', {
      owner: lab.treasury.address,
      mint: USDC,
      amount_atomic: '5',
    });
    await lab.jump(3);
    const answer = await lab.result('getTransaction', signature, { commitment: 'confirmed', maxSupportedTransactionVersion: 0 });
    const to = { account: asTokenAccount(treasury), mint: asMint(USDC) };
    expect(settledTransfer(answer, to)).toMatchObject(doubtful(5n, 'other than a transfer'));
  });
});
