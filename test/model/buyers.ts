import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { address, createKeyPairSignerFromPrivateKeyBytes } from '@solana/kit';
import { findAssociatedTokenPda, TOKEN_PROGRAM_ADDRESS } from '@solana-program/token';
import { x402Client, x402HTTPClient } from '@x402/core/client';
import { ExactSvmScheme } from '@x402/svm/exact/client';
import { ask } from './http.ts';
import { admin, type ChainReader } from './readers.ts';
import { must } from './violation.ts';

/** USDC on devnet, by Circle. */
export const USDC = '4zMMC9srt5Ri5X14GAgXhaHii3GnPAEERYPJgZJDncDU';
const DEVNET = 'solana:EtWTRABZaYq6iMfeYKouRu166VU2xqa1';
export const BUYER_FUNDS = 1_000_000_000n;

/** Someone who pays, with the official x402 client. */
export interface Buyer {
  address: string;
  tokenAccount: string;
  /** Asks a paywall for its offer and signs it: headers that pay, to be shown when and as often as one likes. */
  sign(url: string): Promise<Record<string, string>>;
}

/** The account where an owner's USDC lies. */
export async function usdcAccount(owner: string): Promise<string> {
  const [account] = await findAssociatedTokenPda({
    owner: address(owner),
    mint: address(USDC),
    tokenProgram: TOKEN_PROGRAM_ADDRESS,
  });
  return account;
}

/** A buyer with funds. */
export async function newBuyer(rpcUrl: string, adminUrl: string, chain: ChainReader): Promise<Buyer> {
  const signer = await createKeyPairSignerFromPrivateKeyBytes(randomBytes(32));
  const http = new x402HTTPClient(new x402Client().register(DEVNET, new ExactSvmScheme(signer, { rpcUrl })));
  const tokenAccount = await usdcAccount(signer.address);
  await admin(adminUrl, '/mint-to', { owner: signer.address, mint: USDC, amount_atomic: String(BUYER_FUNDS) });
  while ((await chain.balance(tokenAccount)) !== BUYER_FUNDS) await sleep(20);
  return {
    address: signer.address,
    tokenAccount,
    async sign(url) {
      for (let tries = 1; ; tries++) {
        const asked = await ask(url, { method: 'GET', headers: {} });
        must(asked.status === 402, () => `an unpaid visit was answered ${asked.status}: ${JSON.stringify(asked.body)}`);
        try {
          const required = http.getPaymentRequiredResponse(name => asked.headers.get(name));
          return http.encodePaymentSignatureHeader(await http.createPaymentPayload(required));
        } catch (error) {
          // The buyer's own RPC failed them; nothing was shown to anyone.
          if (tries > 100) throw error;
          await sleep(100);
        }
      }
    },
  };
}
