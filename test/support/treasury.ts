import { type Address, createSolanaRpc, generateKeyPairSigner, type KeyPairSigner, lamports } from '@solana/kit';
import { getCreateAssociatedTokenIdempotentInstruction, getTransferCheckedInstruction } from '@solana-program/token';
import { ataOf } from '#apps/dev/buyer';
import type { Stack } from '#apps/dev/stack';
import { openSigner } from '#libs/accounts/treasury-keys';
import { openDatabase } from '#libs/db/database';
import { type Asset, assetOf, type Currency } from '#libs/money/assets';
import { sealer } from '#libs/secrets/sealer';
import { quietSteps } from '#libs/steps/steps';
import { eventually } from './eventually.ts';
import { sendInstructions } from './send.ts';
import type { Shop } from './shop.ts';
import { rows } from './sql.ts';

/** The account a shop's treasury keeps an asset in, with the key that moves it. */
export interface Till {
  treasuryId: string;
  account: Address;
  signer: KeyPairSigner;
  asset: Asset;
  balance(): Promise<bigint>;
}

export async function tillOf(shop: Shop, currency: Currency = 'USDC'): Promise<Till> {
  const { stack } = shop;
  const asset = assetOf('solana-devnet', currency);
  const [row] = await rows<{ treasury_id: string; token_account: string }>(
    stack,
    `select ta.treasury_id, ta.token_account from treasury_accounts ta join agents a on a.treasury_id = ta.treasury_id
     where a.mint = $1 and ta.mint = $2`,
    [shop.agent, asset.mint],
  );
  if (!row) throw new Error(`the shop has no treasury of ${currency}`);
  const account = row.token_account as Address;
  return {
    treasuryId: row.treasury_id,
    account,
    signer: await signerOf(stack, row.treasury_id),
    asset,
    balance: () => held(stack, account),
  };
}

async function signerOf(stack: Stack, treasuryId: string): Promise<KeyPairSigner> {
  const db = openDatabase(stack.urls.database, { max: 1, steps: quietSteps });
  try {
    return await openSigner(db.read, sealer(stack.env.EBB_MASTER_KEY ?? ''), treasuryId);
  } finally {
    await db.close();
  }
}

async function held(stack: Stack, account: Address): Promise<bigint> {
  const { value } = await createSolanaRpc(stack.urls.rpc).getTokenAccountBalance(account, { commitment: 'confirmed' }).send();
  return BigInt(value.amount);
}

/** Takes so much out of a treasury with its own key, as its owner could: what is left behind is the chain's whole story. */
export async function withdraw(shop: Shop, till: Till, amount: bigint, to?: Address): Promise<string> {
  const owner = to ?? (await generateKeyPairSigner()).address;
  return move(shop.stack, till.signer, owner, till.asset, amount);
}

/** Everything the till holds. */
export const empty = async (shop: Shop, till: Till): Promise<string> => withdraw(shop, till, await till.balance());

/** Empties a treasury; what it held comes back, to the atom, by the function returned. */
export async function emptied(shop: Shop, till: Till): Promise<() => Promise<string>> {
  const friend = await generateKeyPairSigner();
  const all = await till.balance();
  await move(shop.stack, till.signer, friend.address, till.asset, all);
  return () => move(shop.stack, friend, till.signer.address, till.asset, all);
}

/** Puts so much of a wallet's tokens into a treasury, by a plain transfer. */
export const deposit = (shop: Shop, till: Till, amount: bigint, from: KeyPairSigner = shop.buyer.signer): Promise<string> =>
  move(shop.stack, from, till.signer.address, till.asset, amount);

/** A transfer between two wallets' associated accounts; returns its signature once it is confirmed. */
async function move(stack: Stack, from: KeyPairSigner, to: Address, asset: Asset, amount: bigint): Promise<string> {
  const payer = await wallet(stack);
  const [source, destination] = [await ataOf(from.address, asset), await ataOf(to, asset)];
  const mint = asset.mint as Address;
  const tokenProgram = asset.tokenProgram as Address;
  return sendInstructions(stack.urls.rpc, payer, [
    getCreateAssociatedTokenIdempotentInstruction({ payer, ata: destination, owner: to, mint, tokenProgram }),
    getTransferCheckedInstruction(
      { source, mint, destination, authority: from, amount, decimals: asset.decimals },
      { programAddress: tokenProgram },
    ),
  ]);
}

/** A new wallet with SOL. */
async function wallet(stack: Stack): Promise<KeyPairSigner> {
  const signer = await generateKeyPairSigner();
  const rpc = createSolanaRpc(stack.urls.rpc);
  await rpc.requestAirdrop(signer.address, lamports(1_000_000_000n)).send();
  const funds = async () => (await rpc.getBalance(signer.address, { commitment: 'confirmed' }).send()).value > 0n;
  await eventually('SOL for a wallet', funds);
  return signer;
}
