import { type Address, createKeyPairSignerFromPrivateKeyBytes, createSolanaRpc, type KeyPairSigner } from '@solana/kit';
import { findAssociatedTokenPda } from '@solana-program/token';
import { x402Client } from '@x402/core/client';
import { wrapFetchWithPayment } from '@x402/fetch';
import { ExactSvmScheme } from '@x402/svm/exact/client';
import { type Asset, assetOf, CAIP2, type Currency } from '#libs/money/assets';

/** Someone who pays at a paywall with the official x402 client, unmodified. */
export interface Buyer {
  address: Address;
  signer: KeyPairSigner;
  /** `fetch` that pays a 402 and asks again. */
  fetch: typeof globalThis.fetch;
  tokenAccount(currency?: Currency): Promise<Address>;
  /** What the chain says they hold, in atoms; 0 without a token account. */
  balance(currency?: Currency): Promise<bigint>;
}

/** A buyer with this 32-byte secret, on the network behind `rpc` (which must be devnet or look like it). */
export async function openBuyer(rpc: string, secret: Uint8Array): Promise<Buyer> {
  const signer = await createKeyPairSignerFromPrivateKeyBytes(secret);
  const client = new x402Client().register(CAIP2['solana-devnet'], new ExactSvmScheme(signer, { rpcUrl: rpc }));
  const chain = createSolanaRpc(rpc);
  const tokenAccount = async (currency: Currency = 'USDC') => ataOf(signer.address, assetOf('solana-devnet', currency));
  return {
    address: signer.address,
    signer,
    fetch: wrapFetchWithPayment(globalThis.fetch, client),
    tokenAccount,
    async balance(currency) {
      const account = await tokenAccount(currency);
      const { value } = await chain.getAccountInfo(account, { encoding: 'jsonParsed', commitment: 'confirmed' }).send();
      if (value === null || !('parsed' in value.data)) return 0n;
      const { info } = value.data.parsed as unknown as { info: { tokenAmount: { amount: string } } };
      return BigInt(info.tokenAmount.amount);
    },
  };
}

/** The associated token account of an owner, where wallets keep an asset. */
export async function ataOf(owner: Address, { mint, tokenProgram }: Asset): Promise<Address> {
  const [account] = await findAssociatedTokenPda({ owner, mint, tokenProgram });
  return account;
}

/** Gives a buyer tokens on the local chain, through its admin port: opens their account and mints. Waits until they are there. */
export async function fundBuyer(admin: string, buyer: Buyer, amount: bigint, currency: Currency = 'USDC'): Promise<void> {
  const wanted = (await buyer.balance(currency)) + amount;
  await mintTokens(admin, buyer.address, amount, currency);
  while ((await buyer.balance(currency)) < wanted) await new Promise(resolve => setTimeout(resolve, 20));
}

async function mintTokens(admin: string, owner: Address, amount: bigint, currency: Currency): Promise<void> {
  const { mint } = assetOf('solana-devnet', currency);
  const response = await fetch(`${admin}/mint-to`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ owner, mint, amount_atomic: amount.toString() }),
  });
  if (!response.ok) throw new Error(`the local chain did not mint: ${await response.text()}`);
}
