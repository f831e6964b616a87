import type { AddressInfo } from 'node:net';
import { createKeyPairSignerFromPrivateKeyBytes, createSolanaRpc, type KeyPairSigner } from '@solana/kit';
import { findAssociatedTokenPda } from '@solana-program/token';
import { ExactSvmScheme } from '@x402/svm/exact/client';
import { afterAll, beforeAll } from 'vitest';
import { readFlags } from '#apps/localnet/flags';
import { type Localnet, startLocalnet } from '#apps/localnet/localnet';
import { readConfig } from '#libs/config/config';
import { type Asset, assetOf } from '#libs/money/assets';
import { atoms } from '#libs/money/atoms';
import { asOwner } from '#libs/money/solana-types';
import { type FacilitatedPayment, openFacilitatorClient } from '#libs/paywall/facilitator-client';
import { makeOffers, type Requirements } from '#libs/paywall/x402/offers';
import { quietSteps } from '#libs/steps/steps';
import { type TestDatabase, useDatabase } from '#test/support/database';
import { openFacilitatorParts } from './parts.ts';
import { openServer } from './server.ts';

export const TOKEN = 'a token of the facilitator';
export const USDC: Asset = assetOf('solana-devnet', 'USDC');
const KEYS = { memo: Buffer.alloc(32, 1), proof: Buffer.alloc(32, 2) };

const seeds = { sponsor: 1, merchant: 2, buyer: 3, pauper: 4 };
const signers = async () => {
  const of = (seed: number) => createKeyPairSignerFromPrivateKeyBytes(new Uint8Array(32).fill(seed));
  return {
    sponsor: await of(seeds.sponsor),
    merchant: await of(seeds.merchant),
    buyer: await of(seeds.buyer),
    pauper: await of(seeds.pauper),
  };
};

/** A facilitator over a real SVM and a real PostgreSQL, as one test file's own. */
export function useFacilitator() {
  const books: TestDatabase = useDatabase();
  const running: { close(): Promise<unknown> }[] = [];
  let localnet: Localnet;
  let url: string;
  let keys: Awaited<ReturnType<typeof signers>>;

  const admin = async (path: string, body: object) => {
    const answer = await fetch(localnet.urls.admin + path, {
      method: 'POST',
      body: JSON.stringify(body),
      headers: { 'content-type': 'application/json' },
    });
    if (!answer.ok) throw new Error(await answer.text());
    return answer.json();
  };
  /** One more process's worth of facilitator, on the same database and chain. */
  const start = async (env: Record<string, string> = {}): Promise<string> => {
    const exported = Buffer.concat([Buffer.alloc(32, seeds.sponsor), await publicKeyOf(keys.sponsor)]);
    const parts = await openFacilitatorParts(
      readConfig({
        DATABASE_URL: books.url,
        EBB_LOG_LEVEL: 'silent',
        SOLANA_DEVNET_RPC_URL: localnet.urls.rpc,
        EBB_SPONSOR_KEY: exported.toString('base64'),
        EBB_FACILITATOR_TOKEN: TOKEN,
        EBB_PACE_POLL_MS: '25',
        EBB_PACE_RESEND_MS: '200',
        EBB_PACE_ACTIVITY_MS: '600',
        ...env,
      }),
    );
    const server = openServer(parts);
    await server.listen({ host: '127.0.0.1', port: 0 });
    running.push(server, parts.db);
    return `http://127.0.0.1:${(server.server.address() as AddressInfo).port}`;
  };

  beforeAll(async () => {
    localnet = await startLocalnet(readFlags(['--slot-ms', '20']));
    keys = await signers();
    await admin('/airdrop', { address: keys.sponsor.address, lamports: '10000000000' });
    await admin('/mint-to', { owner: keys.buyer.address, mint: USDC.mint, amount_atomic: '100000000' });
    for (const name of ['merchant', 'pauper'] as const) {
      await admin('/mint-to', { owner: keys[name].address, mint: USDC.mint, amount_atomic: '1' });
    }
    url = await start();
  });
  afterAll(async () => {
    for (const one of running) await one.close();
    await localnet.close();
  });

  return {
    start,
    fault: (fault: object) => admin('/fault', fault) as Promise<{ id: string }>,
    jump: (slots: number) => admin('/jump', { slots }),
    client: (at = url) => openFacilitatorClient({ url: at, token: TOKEN, steps: quietSteps }),
    rpc: () => createSolanaRpc(localnet.urls.rpc),
    get books() {
      return books;
    },
    get url() {
      return url;
    },
    get keys() {
      return keys;
    },
    offer: (amount = 100_000n): Requirements => {
      const { merchant, sponsor } = keys;
      const [offer] = makeOffers(
        KEYS,
        {
          network: 'solana-devnet',
          linkId: 'lnk_1',
          payTo: asOwner(merchant.address),
          feePayer: sponsor.address,
          prices: [{ asset: USDC, amount: atoms(amount) }],
        },
        new Date(),
      );
      if (!offer) throw new Error('no offer');
      return offer;
    },
    /** The payment that the unmodified official client makes for an offer. */
    pay: async (requirements: Requirements, payer: KeyPairSigner = keys.buyer): Promise<FacilitatedPayment> => {
      const scheme = new ExactSvmScheme(payer, { rpcUrl: localnet.urls.rpc });
      const { payload } = await scheme.createPaymentPayload(
        2,
        requirements as unknown as Parameters<typeof scheme.createPaymentPayload>[1],
      );
      return { wire: Buffer.from(String(payload.transaction), 'base64'), requirements, accountId: 'acct_1' };
    },
    /** What the merchant has received so far, in atoms. */
    received: async (): Promise<bigint> => {
      const [account] = await findAssociatedTokenPda({
        mint: USDC.mint,
        owner: keys.merchant.address,
        tokenProgram: USDC.tokenProgram,
      });
      const { value } = await createSolanaRpc(localnet.urls.rpc)
        .getTokenAccountBalance(account, { commitment: 'processed' })
        .send();
      return BigInt(value.amount);
    },
    rows: () => books.db.read.selectFrom('facilitator_settlements').selectAll().orderBy('created_at').execute(),
  };
}

async function publicKeyOf(signer: KeyPairSigner): Promise<Buffer> {
  return Buffer.from(await crypto.subtle.exportKey('raw', signer.keyPair.publicKey));
}
