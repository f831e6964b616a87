import { type Address, address, type Instruction, type KeyPairSigner } from '@solana/kit';
import { getCreateAccountInstruction } from '@solana-program/system';
import * as t22 from '@solana-program/token-2022';
import { tokenAccount } from '#apps/localnet/testing/wallets';
import type { World } from '../world.ts';

const PROGRAM = t22.TOKEN_2022_PROGRAM_ADDRESS;
const TOLD = { commitment: 'confirmed', maxSupportedTransactionVersion: 0 };
const PARSED = { encoding: 'jsonParsed', commitment: 'confirmed' };

/** Mints with extensions: one like USDG, one that takes a fee, one that can be paused. */
export async function token2022(world: World): Promise<void> {
  await likeUsdg(world);
  await withFee(world);
  await pausable(world);
}

async function likeUsdg(world: World): Promise<void> {
  const { asker, richMint, issuer, sponsor, buyer, treasury } = world;
  const authority = issuer.address;
  const mint = richMint.address;
  const noFee = { epoch: 0n, maximumFee: 0n, transferFeeBasisPoints: 0 };
  const size = t22.getMintSize([
    t22.extension('PermanentDelegate', { delegate: authority }),
    t22.extension('TransferFeeConfig', {
      transferFeeConfigAuthority: authority,
      withdrawWithheldAuthority: authority,
      withheldAmount: 0n,
      olderTransferFee: noFee,
      newerTransferFee: noFee,
    }),
    t22.extension('MintCloseAuthority', { closeAuthority: authority }),
    t22.extension('TransferHook', { authority, programId: address('11111111111111111111111111111111') }),
    t22.extension('MetadataPointer', { authority, metadataAddress: mint }),
  ]);
  const metadata = t22.getInitializeTokenMetadataInstruction({
    metadata: mint,
    updateAuthority: authority,
    mint,
    mintAuthority: issuer,
    name: 'Global Dollar',
    symbol: 'USDG',
    uri: '',
  });
  const open = await world.build([
    getCreateAccountInstruction({
      payer: sponsor,
      newAccount: richMint,
      lamports: 10_000_000n,
      space: size,
      programAddress: PROGRAM,
    }),
    t22.getInitializePermanentDelegateInstruction({ mint, delegate: authority }),
    t22.getInitializeTransferFeeConfigInstruction({
      mint,
      transferFeeConfigAuthority: authority,
      withdrawWithheldAuthority: authority,
      transferFeeBasisPoints: 0,
      maximumFee: 0n,
    }),
    t22.getInitializeMintCloseAuthorityInstruction({ mint, closeAuthority: authority }),
    t22.getInitializeTransferHookInstruction({ mint, authority, programId: null }),
    t22.getInitializeMetadataPointerInstruction({ mint, authority, metadataAddress: mint }),
    t22.getInitializeMint2Instruction({ mint, decimals: 6, mintAuthority: authority, freezeAuthority: authority }),
    metadata,
  ]);
  await asker.send('send: create a mint with extensions', open);
  await asker.until(open);
  await asker.call('transaction: creates a mint with extensions', 'getTransaction', open.signature, {
    ...TOLD,
    encoding: 'json',
  });
  await asker.call('mint with extensions, parsed', 'getAccountInfo', mint, PARSED);
  await asker.call('mint with extensions', 'getAccountInfo', mint, { encoding: 'base64', commitment: 'confirmed' });
  const [from, to] = await openAndMint(world, mint, 5_000_000n);
  await asker.call('token account with extensions, parsed', 'getAccountInfo', from, PARSED);
  await asker.call('token account with extensions', 'getAccountInfo', from, { encoding: 'base64', commitment: 'confirmed' });
  const paid = await asker.land(await world.build([transfer(mint, from, to, buyer, 1_250_000n)]));
  for (const encoding of ['json', 'jsonParsed'])
    await asker.call(`transaction: transfer with extensions, ${encoding}`, 'getTransaction', paid.signature, {
      ...TOLD,
      encoding,
    });
  await asker.call('by owner and Token-2022', 'getTokenAccountsByOwner', treasury.address, { programId: PROGRAM }, PARSED);
  await asker.send(
    'send: too little of a token with extensions',
    await world.build([transfer(mint, from, to, buyer, 9_000_000n)]),
  );
}

async function withFee(world: World): Promise<void> {
  const { asker, feeMint, issuer, sponsor, buyer } = world;
  const authority = issuer.address;
  const mint = feeMint.address;
  await asker.land(
    await world.build([
      getCreateAccountInstruction({
        payer: sponsor,
        newAccount: feeMint,
        lamports: 10_000_000n,
        space: 278n,
        programAddress: PROGRAM,
      }),
      t22.getInitializeTransferFeeConfigInstruction({
        mint,
        transferFeeConfigAuthority: authority,
        withdrawWithheldAuthority: authority,
        transferFeeBasisPoints: 100,
        maximumFee: 5_000n,
      }),
      t22.getInitializeMint2Instruction({ mint, decimals: 6, mintAuthority: authority, freezeAuthority: null }),
    ]),
  );
  const [from, to] = await openAndMint(world, mint, 5_000_000n);
  const plain = await asker.land(await world.build([transfer(mint, from, to, buyer, 100_000n)]));
  await asker.call('transaction: transfer that pays a fee', 'getTransaction', plain.signature, {
    ...TOLD,
    encoding: 'jsonParsed',
  });
  const named = (fee: bigint) =>
    t22.getTransferCheckedWithFeeInstruction({
      source: from,
      mint,
      destination: to,
      authority: buyer,
      amount: 100_000n,
      decimals: 6,
      fee,
    });
  await asker.send('send: the wrong fee', await world.build([named(999n)]));
  const right = await asker.land(await world.build([named(1_000n)]));
  await asker.call('transaction: transfer that names its fee', 'getTransaction', right.signature, {
    ...TOLD,
    encoding: 'jsonParsed',
  });
  await asker.call('token account that withheld fees', 'getAccountInfo', to, PARSED);
  await asker.call('mint with a fee, parsed', 'getAccountInfo', mint, PARSED);
}

async function pausable(world: World): Promise<void> {
  const { asker, pausableMint, issuer, sponsor, buyer } = world;
  const mint = pausableMint.address;
  await asker.land(
    await world.build([
      getCreateAccountInstruction({
        payer: sponsor,
        newAccount: pausableMint,
        lamports: 10_000_000n,
        space: 203n,
        programAddress: PROGRAM,
      }),
      t22.getInitializePausableConfigInstruction({ mint, authority: issuer.address }),
      t22.getInitializeMint2Instruction({ mint, decimals: 6, mintAuthority: issuer.address, freezeAuthority: null }),
    ]),
  );
  const [from, to] = await openAndMint(world, mint, 5_000_000n);
  const paused = await asker.land(await world.build([t22.getPauseInstruction({ mint, authority: issuer })]));
  await asker.call('transaction: pause', 'getTransaction', paused.signature, { ...TOLD, encoding: 'json' });
  await asker.call('mint paused, parsed', 'getAccountInfo', mint, PARSED);
  await asker.send('send: mint paused', await world.build([transfer(mint, from, to, buyer, 1n)]));
  await asker.land(await world.build([t22.getResumeInstruction({ mint, authority: issuer })]));
  const moved = await asker.land(await world.build([transfer(mint, from, to, buyer, 1n)]));
  await asker.call('transaction: after the pause', 'getTransaction', moved.signature, { ...TOLD, encoding: 'json' });
}

const transfer = (mint: Address, source: Address, destination: Address, authority: KeyPairSigner, amount: bigint): Instruction =>
  t22.getTransferCheckedInstruction({ source, mint, destination, authority, amount, decimals: 6 });

/** Accounts of buyer and treasury, and tokens for the buyer. */
async function openAndMint(world: World, mint: Address, amount: bigint): Promise<[Address, Address]> {
  const [from, to] = [await tokenAccount(world.buyer, mint, PROGRAM), await tokenAccount(world.treasury, mint, PROGRAM)];
  await world.asker.land(
    await world.build([
      world.open(world.buyer, from, mint, PROGRAM),
      world.open(world.treasury, to, mint, PROGRAM),
      t22.getMintToCheckedInstruction({ mint, token: from, mintAuthority: world.issuer, amount, decimals: 6 }),
    ]),
  );
  return [from, to];
}
