import { type Address, generateKeyPairSigner } from '@solana/kit';
import {
  AuthorityType,
  getCloseAccountInstruction,
  getCreateAssociatedTokenIdempotentInstruction,
  getSetAuthorityInstruction,
} from '@solana-program/token';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { Lab, USDC, USDG } from '#apps/localnet/testing/lab';
import { associatedAccount } from '#libs/chain/associated';
import { type Chain, ChainUnavailable, openChain } from '#libs/chain/chain';
import { TOKEN_2022_PROGRAM, TOKEN_PROGRAM } from '#libs/chain/programs';
import { rentPaid } from '#libs/chain/rent';
import { asMint, asOwner, asTokenAccount } from '#libs/money/solana-types';
import { quietSteps } from '#libs/steps/steps';
import { findWay, type Route } from './destination.ts';
import type { MayReopen } from './reopening.ts';

/** What is decided before signing, against a chain: every state that the four accounts of a refund can be in. */

let lab: Lab;
let chain: Chain;
let plain: Route;
beforeAll(async () => {
  lab = await Lab.start();
  chain = openChain('solana-devnet', [lab.localnet.urls.rpc], quietSteps);
  await lab.admin('POST /mint-to', { owner: lab.treasury.address, mint: USDC, amount_atomic: '1000000' });
  await lab.admin('POST /mint-to', { owner: lab.treasury.address, mint: USDG, amount_atomic: '1000000' });
  await lab.jump(3);
  plain = await routeTo(await someone());
});
afterEach(() => lab.admin('DELETE /faults', {}));
afterAll(() => lab.close());

/** A wallet that holds one dollar in its associated account. */
async function someone(mint: Address = USDC) {
  const signer = await generateKeyPairSigner();
  await lab.admin('POST /mint-to', { owner: signer.address, mint, amount_atomic: '1000000' });
  await lab.jump(3);
  return signer;
}

async function routeTo({ address }: { address: string }, mint: Address = USDC): Promise<Route> {
  const tokenProgram = mint === USDC ? TOKEN_PROGRAM : TOKEN_2022_PROGRAM;
  const of = (owner: string) => associatedAccount(asOwner(owner), asMint(mint), tokenProgram);
  return {
    source: await of(lab.treasury.address),
    destination: await of(address),
    owner: asOwner(address),
    feePayer: asOwner(lab.sponsor.address),
    mint: asMint(mint),
    tokenProgram,
    amount: 100n,
    paidAtSlot: 0n,
  };
}

const yes = () => Promise.resolve<MayReopen>('yes');
const no = () => Promise.resolve<MayReopen>('not_worth_it');
const way = async (route: Route, mayOpen = no) => {
  const { funds: _, ...found } = await findWay(chain, 'refund.destination', route, mayOpen);
  return found;
};
const paid = (destination: string) => ({ kind: 'open', destination, open: null, rentLamports: 0n });
const barred = (reason: string) => ({ kind: 'barred', reason });
const account = async (address: string, change: object) => {
  await lab.admin('POST /account', { address, ...change });
  await lab.jump(3);
};
const change = async (mint: string, what: object) => {
  await lab.admin('POST /mint', { mint, ...what });
  await lab.jump(3);
};

describe('the account that paid', () => {
  test('is paid while the same owner has it, and nobody is asked about rent', async () => {
    const never = () => Promise.reject(new Error('asked'));
    expect(await way(plain, never)).toEqual(paid(plain.destination));
  });

  test('bars the way while it is frozen, or somebody else’s', async () => {
    const route = await routeTo(await someone());
    await account(route.destination, { frozen: true });
    expect(await way(route)).toEqual(barred('destination_frozen'));
    await account(route.destination, { frozen: false, owner: lab.buyer.address });
    expect(await way(route, yes)).toEqual(barred('address'));
  });

  test('bars the way where its owner is a token account or a mint', async () => {
    for (const trap of [plain.source as string, USDC as string]) {
      const route = await routeTo({ address: trap });
      expect(await way(route, yes)).toEqual(barred('address'));
    }
  });
});

describe('where the account that paid is closed', () => {
  test('the owner’s associated account is paid, if it is there', async () => {
    const owner = await someone();
    const associated = await routeTo(owner);
    // An account of its own, of which nothing is left: its address is never taken for a wallet's.
    const route = { ...associated, destination: asTokenAccount((await generateKeyPairSigner()).address) };
    expect(await way(route)).toEqual(paid(associated.destination));
    await lab.admin('POST /airdrop', { address: route.destination, lamports: '2000000' });
    await lab.jump(3);
    expect(await way(route)).toEqual(paid(associated.destination));
    await account(associated.destination, { frozen: true });
    expect(await way(route)).toEqual(barred('destination_frozen'));
    await account(associated.destination, { frozen: false, owner: lab.buyer.address });
    expect(await way(route, yes)).toEqual(barred('address'));
  });

  test('the associated account is paid also where something else of the owner lies at the old address', async () => {
    const owner = await someone();
    await lab.admin('POST /mint-to', { owner: owner.address, mint: USDG, amount_atomic: '1' });
    await lab.jump(3);
    const associated = await routeTo(owner);
    const other = await routeTo(owner, USDG);
    expect(await way({ ...associated, destination: other.destination })).toEqual(paid(associated.destination));
  });

  test.each([
    ['classic', USDC, 2_039_280n],
    ['Token-2022', USDG, BigInt((170 + 12 + 5 + 128) * 6_960)],
  ])('it is opened, if it may be, for the rent that the chain then takes: %s', async (_, mint, rent) => {
    const owner = await generateKeyPairSigner();
    const route = await routeTo(owner, mint);
    expect(await way(route, no)).toEqual(barred('address'));
    const found = await way(route, yes);
    expect(found).toEqual({ kind: 'open', destination: route.destination, open: owner.address, rentLamports: rent });
    const { tokenProgram, destination } = route;
    const built = await lab.build([
      getCreateAssociatedTokenIdempotentInstruction({
        payer: lab.sponsor,
        owner: owner.address,
        mint,
        ata: destination,
        tokenProgram,
      }),
    ]);
    await lab.send(built);
    await lab.jump(3);
    const answer = await lab.result('getTransaction', built.signature, {
      commitment: 'confirmed',
      maxSupportedTransactionVersion: 0,
    });
    expect(rentPaid(answer.meta)).toBe(rent);
    expect(await way(route, no)).toEqual(paid(route.destination));
  });

  test('what lies at its address already is taken off the rent', async () => {
    const route = await routeTo(await generateKeyPairSigner());
    await lab.admin('POST /airdrop', { address: route.destination, lamports: '1000000' });
    await lab.jump(3);
    expect(await way(route, yes)).toMatchObject({ open: route.owner, rentLamports: 1_039_280n });
  });

  test('opened again by the same owner it is paid; given away in between it is not', async () => {
    const owner = await someone();
    const route = await routeTo(owner);
    await account(route.destination, { closed: true });
    expect(await way(route)).toEqual(barred('address'));
    await lab.admin('POST /mint-to', { owner: owner.address, mint: USDC, amount_atomic: '1' });
    await lab.jump(3);
    expect(await way(route)).toEqual(paid(route.destination));
    const give = getSetAuthorityInstruction({
      owned: route.destination,
      owner,
      authorityType: AuthorityType.AccountOwner,
      newAuthority: lab.buyer.address,
    });
    await lab.send(await lab.build([give]));
    await lab.jump(3);
    expect(await way(route, yes)).toEqual(barred('address'));
  });

  test('by a transaction, and not by the admin port: it is closed all the same', async () => {
    const owner = await generateKeyPairSigner();
    const route = await routeTo(owner);
    await lab.admin('POST /mint-to', { owner: owner.address, mint: USDC, amount_atomic: '0' });
    await lab.jump(3);
    await lab.send(
      await lab.build([getCloseAccountInstruction({ account: route.destination, destination: owner.address, owner })]),
    );
    await lab.jump(3);
    expect(await way(route)).toEqual(barred('address'));
  });
});

describe('where somebody has opened it once', () => {
  test('it is waited for while the transaction that opens it may land', async () => {
    const route = await routeTo(await generateKeyPairSigner());
    expect(await way(route, () => Promise.resolve('in_flight'))).toMatchObject({
      reason: 'not_yet_sent',
      ends_when: expect.stringContaining('another refund'),
    });
  });

  test('an address is needed if it is gone again; it is looked for once more, since it may have come in between', async () => {
    const owner = await generateKeyPairSigner();
    const route = await routeTo(owner);
    expect(await way(route, () => Promise.resolve('taken'))).toEqual(barred('address'));
    const meanwhile = async (): Promise<MayReopen> => {
      await lab.admin('POST /mint-to', { owner: owner.address, mint: USDC, amount_atomic: '1' });
      await lab.jump(3);
      return 'taken';
    };
    expect(await way(route, meanwhile)).toEqual(paid(route.destination));
  });
});

describe('what else bars it', () => {
  test('the treasury: frozen, closed, short', async () => {
    await account(plain.source, { frozen: true });
    expect(await way(plain)).toEqual(barred('treasury_frozen'));
    await account(plain.source, { frozen: false });
    expect(await way({ ...plain, amount: 10_000_000n })).toEqual(barred('insufficient_funds'));
    expect(await way({ ...plain, source: asTokenAccount((await generateKeyPairSigner()).address) })).toEqual(
      barred('insufficient_funds'),
    );
  });

  test('the fee payer: without enough for the fee, or for the rent as well', async () => {
    const { address } = await generateKeyPairSigner();
    const poor = { ...(await routeTo(await generateKeyPairSigner())), feePayer: asOwner(address) };
    await account(address, { lamports: '2000000' });
    expect(await way(poor, yes)).toEqual(barred('sponsor_short'));
    expect(await way({ ...plain, feePayer: asOwner(address) })).toEqual(paid(plain.destination));
    await account(address, { lamports: '3000000' });
    expect(await way(poor, yes)).toMatchObject({ open: poor.owner });
    await account(address, { lamports: '900000' });
    expect(await way({ ...plain, feePayer: asOwner(address) })).toEqual(barred('sponsor_short'));
  });

  test('the mint, until its issuer takes back what it did; the wait says what', async () => {
    const route = await routeTo(await someone(USDG), USDG);
    expect(await way(route)).toEqual(paid(route.destination));
    for (const [what, back, told] of [
      [{ paused: true }, { paused: false }, 'resumes'],
      [{ transfer_hook: lab.buyer.address }, { transfer_hook: null }, 'transfer hook'],
      [{ transfer_fee_basis_points: 50 }, { transfer_fee_basis_points: 0 }, '50 basis points'],
      [{ frozen_by_default: true }, { frozen_by_default: false }, 'freezes'],
    ] as const) {
      await change(USDG, what);
      expect(await way(route, yes)).toEqual({ ...barred('mint_paused'), ends_when: expect.stringContaining(told) });
      await change(USDG, back);
      expect(await way(route)).toEqual(paid(route.destination));
    }
  });

  test('a node that has not reached the payment is not believed', async () => {
    await expect(way({ ...plain, paidAtSlot: 10_000_000n })).rejects.toThrow(ChainUnavailable);
  });
});
