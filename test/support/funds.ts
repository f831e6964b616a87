import { createSolanaRpc, type KeyPairSigner, lamports } from '@solana/kit';
import { getCreateAssociatedTokenIdempotentInstruction, getMintToInstruction } from '@solana-program/token';
import { ataOf, type Buyer, fundBuyer } from '#apps/dev/buyer';
import type { Stack } from '#apps/dev/stack';
import { assetOf, type Currency } from '#libs/money/assets';
import { eventually } from './eventually.ts';
import { given, givenMintAuthority } from './given-chain.ts';
import { sendInstructions } from './send.ts';

const AUTHORITY_LAMPORTS = lamports(2_000_000_000n);

/** Gives a buyer tokens: through the local chain's admin port, or on a chain that was given by its mint authority. */
export async function giveTokens(stack: Stack, buyer: Buyer, amount: bigint, currency: Currency = 'USDC'): Promise<void> {
  if (given.rpc === null) return fundBuyer(String(stack.part('localnet').said.admin), buyer, amount, currency);
  const wanted = (await buyer.balance(currency)) + amount;
  await mintTo(given.rpc, await givenMintAuthority(), buyer, amount, currency);
  await eventually(
    `${buyer.address} holds ${wanted} atoms of ${currency}`,
    async () => (await buyer.balance(currency)) >= wanted,
  );
}

async function mintTo(url: string, authority: KeyPairSigner, buyer: Buyer, amount: bigint, currency: Currency): Promise<void> {
  const rpc = createSolanaRpc(url);
  const funds = async () => (await rpc.getBalance(authority.address, { commitment: 'confirmed' }).send()).value;
  if ((await funds()) < AUTHORITY_LAMPORTS / 2n) {
    await rpc.requestAirdrop(authority.address, AUTHORITY_LAMPORTS).send();
    await eventually('SOL for the mint authority', async () => (await funds()) >= AUTHORITY_LAMPORTS / 2n);
  }
  const asset = assetOf('solana-devnet', currency);
  const mint = asset.mint as typeof buyer.address;
  const tokenProgram = asset.tokenProgram as typeof buyer.address;
  const account = await ataOf(buyer.address, asset);
  await sendInstructions(url, authority, [
    getCreateAssociatedTokenIdempotentInstruction({ payer: authority, ata: account, owner: buyer.address, mint, tokenProgram }),
    getMintToInstruction({ mint, token: account, mintAuthority: authority, amount }, { programAddress: tokenProgram }),
  ]);
}
