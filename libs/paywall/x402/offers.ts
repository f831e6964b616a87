import { createHash, randomBytes } from 'node:crypto';
import type { Address } from '@solana/kit';
import canonicalize from 'canonicalize';
import { type Asset, CAIP2, type Network } from '#libs/money/assets';
import type { Atoms } from '#libs/money/atoms';
import type { Owner } from '#libs/money/solana-types';
import { issueMemo, proofSecret, RANDOM_BYTES } from './memo.ts';
import { V1_NETWORK } from './vocabulary.ts';

/** How long after an offer was made its payment may be brought, in seconds: what offers say. */
export const MAX_TIMEOUT_SECONDS = 300;

/** One entry of `accepts`: x402 v2 payment requirements of the scheme `exact` on Solana. */
export interface Requirements {
  scheme: 'exact';
  /** CAIP-2. */
  network: string;
  asset: string;
  /** Atoms, as a decimal string. */
  amount: string;
  payTo: string;
  maxTimeoutSeconds: number;
  extra: { feePayer: string; memo: string; ebb?: string };
}

export interface Resource {
  url: string;
  description?: string;
  mimeType?: string;
}

/** Keys from `derive(master, 'memo')` and `derive(master, 'proof')`. */
export interface OfferKeys {
  memo: Uint8Array;
  proof: Uint8Array;
}

export interface OfferTerms {
  network: Network;
  linkId: string;
  payTo: Owner;
  /** The facilitator's address that will pay the network fee. */
  feePayer: Address;
  /** What the resource costs, in each asset it may be paid with; the first is what clients take by default. */
  prices: readonly { asset: Asset; amount: Atoms }[];
}

/** Offers for one request, each with a memo of its own. Nothing is stored: the memo carries what we must remember. */
export function makeOffers(
  keys: OfferKeys,
  terms: OfferTerms,
  now: Date,
  random: (bytes: number) => Uint8Array = randomBytes,
): Requirements[] {
  return terms.prices.map(({ asset, amount }) => {
    const { network, linkId } = terms;
    const memo = issueMemo(keys.memo, { network, linkId, mint: asset.mint, amount }, now, random(RANDOM_BYTES));
    const offer = requirements({ ...terms, asset, amount, memo });
    return { ...offer, extra: { ...offer.extra, ebb: proofSecret(keys.proof, memo) } };
  });
}

/** An offer without its secret: what we stand by, hand to facilitators, and hash into receipts. */
export function requirements(offer: {
  network: Network;
  asset: Asset;
  amount: Atoms;
  payTo: Owner;
  feePayer: Address;
  memo: string;
}): Requirements {
  return {
    scheme: 'exact',
    network: CAIP2[offer.network],
    asset: offer.asset.mint,
    amount: String(offer.amount),
    payTo: offer.payTo,
    maxTimeoutSeconds: MAX_TIMEOUT_SECONDS,
    extra: { feePayer: offer.feePayer, memo: offer.memo },
  };
}

/** Lower-case hex SHA-256 over the RFC 8785 form of requirements without their secret. */
export function requirementsHash({ extra: { feePayer, memo }, ...rest }: Requirements): string {
  const text = canonicalize({ ...rest, extra: { feePayer, memo } });
  if (text === undefined) throw new Error('requirements are not JSON');
  return createHash('sha256').update(text).digest('hex');
}

export interface PaymentRequired {
  x402Version: 2;
  error: string;
  resource: Resource;
  accepts: Requirements[];
  extensions: Record<string, unknown>;
}

/** The 402 of x402 v2: the body, and the same as the `PAYMENT-REQUIRED` header. */
export function paymentRequired(
  accepts: Requirements[],
  resource: Resource,
  error = 'PAYMENT-SIGNATURE header is required',
): { body: PaymentRequired; header: string } {
  const body: PaymentRequired = { x402Version: 2, error, resource, accepts, extensions: {} };
  return { body, header: Buffer.from(JSON.stringify(body)).toString('base64') };
}

/** The same offers in the words of x402 v1, for clients that know nothing newer. The secret is left out: v1 never echoes it. */
export function paymentRequiredV1(
  network: Network,
  accepts: Requirements[],
  resource: Resource,
  error = 'X-PAYMENT header is required',
) {
  return {
    x402Version: 1 as const,
    error,
    accepts: accepts.map(({ scheme, asset, amount, payTo, maxTimeoutSeconds, extra: { feePayer, memo } }) => ({
      scheme,
      network: V1_NETWORK[network],
      maxAmountRequired: amount,
      resource: resource.url,
      description: resource.description ?? '',
      mimeType: resource.mimeType ?? '',
      payTo,
      maxTimeoutSeconds,
      asset,
      outputSchema: null,
      extra: { feePayer, memo },
    })),
  };
}
