import { type Address, createSolanaRpc, type Signature } from '@solana/kit';
import { x402Client, x402HTTPClient } from '@x402/core/client';
import type { PaymentPayload, PaymentRequired, PaymentRequirements } from '@x402/core/types';
import { ExactSvmScheme } from '@x402/svm/exact/client';
import { ExactSvmSchemeV1 } from '@x402/svm/v1';
import { assetOf, CAIP2, type Currency } from '#libs/money/assets';
import type { Shop } from './shop.ts';

/** Headers that pay: a proof that is signed, to be shown when and where a test likes. */
export type Proof = Record<string, string>;

/** Asks the paywall for its offer (in a currency that it accepts) and signs it, as the official v2 client does. */
export async function signProof(shop: Shop, currency?: Currency): Promise<Proof> {
  const { http, required } = await visit(shop, currency);
  return http.encodePaymentSignatureHeader(await http.createPaymentPayload(required));
}

/** The same offer, signed by the official v1 scheme, which echoes nothing of it. */
export async function signProofV1(shop: Shop, currency?: Currency): Promise<Proof> {
  const { http, required } = await visit(shop, currency);
  const [offer] = required.accepts;
  if (!offer) throw new Error('the paywall offered nothing');
  const v1 = { ...offer, network: 'solana-devnet', maxAmountRequired: offer.amount } as unknown as PaymentRequirements;
  const payload = await new ExactSvmSchemeV1(shop.buyer.signer, { rpcUrl: shop.stack.urls.rpc }).createPaymentPayload(1, v1);
  return http.encodePaymentSignatureHeader(payload as unknown as PaymentPayload);
}

/** What a reader of the chain can make of a settled payment: the buyer's bytes again, without the offer's secret. */
export async function rebuiltProof(shop: Shop, proof: Proof, signature: string): Promise<Proof> {
  const rpc = createSolanaRpc(shop.stack.urls.rpc);
  const settled = await rpc
    .getTransaction(signature as Signature, { commitment: 'confirmed', encoding: 'base64', maxSupportedTransactionVersion: 0 })
    .send();
  if (!settled) throw new Error(`${signature} is not on the chain`);
  const wire = Buffer.from(settled.transaction[0], 'base64');
  wire.fill(0, 1, 65);
  const original = JSON.parse(Buffer.from(proof['PAYMENT-SIGNATURE'] ?? '', 'base64').toString()) as PaymentPayload;
  const { ebb: _secret, ...extra } = original.accepted.extra;
  const rebuilt = { ...original, accepted: { ...original.accepted, extra }, payload: { transaction: wire.toString('base64') } };
  return { 'PAYMENT-SIGNATURE': Buffer.from(JSON.stringify(rebuilt)).toString('base64') };
}

export interface Shown {
  status: number;
  headers: Headers;
  body: Record<string, unknown>;
}

/** Shows a proof at a paid link. */
export async function show(proof: Proof, url: string): Promise<Shown> {
  const answer = await fetch(url, { headers: proof });
  const text = await answer.text();
  return { status: answer.status, headers: answer.headers, body: text === '' ? {} : JSON.parse(text) };
}

/** The transaction that an answer says it was settled by. */
export function settledBy(shown: Shown): string {
  const header = shown.headers.get('payment-response') ?? '';
  return (JSON.parse(Buffer.from(header, 'base64').toString()) as { transaction: string }).transaction;
}

/** Every transaction that brought an account something or took it from it, failed ones left out. */
export async function transactionsOf(rpcUrl: string, account: string): Promise<string[]> {
  const listed = await createSolanaRpc(rpcUrl)
    .getSignaturesForAddress(account as Address, { commitment: 'confirmed' })
    .send();
  return listed.filter(one => one.err === null).map(one => one.signature);
}

async function visit(shop: Shop, currency?: Currency): Promise<{ http: x402HTTPClient; required: PaymentRequired }> {
  const { signer } = shop.buyer;
  const scheme = new ExactSvmScheme(signer, { rpcUrl: shop.stack.urls.rpc });
  // The client pays in USDC and USDG of itself; USDT its user has to allow.
  const allowedAssets = [{ network: CAIP2['solana-devnet'], asset: assetOf('solana-devnet', 'USDT').mint }];
  const config = { schemes: [{ network: CAIP2['solana-devnet'], client: scheme }], spendControls: { allowedAssets } };
  const http = new x402HTTPClient(x402Client.fromConfig(config));
  const asked = await fetch(shop.payUrl);
  if (asked.status !== 402) throw new Error(`the paywall answered ${asked.status}: ${await asked.text()}`);
  const required = http.getPaymentRequiredResponse(name => asked.headers.get(name));
  const mint = currency && assetOf('solana-devnet', currency).mint;
  return { http, required: { ...required, accepts: required.accepts.filter(offer => !mint || offer.asset === mint) } };
}
