import type { Address } from '@solana/kit';
import type { Link } from '#libs/links/link';
import { type Offer, offersOf } from '#libs/links/offers';
import { shareUrl } from '#libs/links/view';
import type { Network } from '#libs/money/assets';
import { type FeePayers, feePayersOf } from '#libs/paywall/fee-payers';
import { makeOffers, paymentRequired, paymentRequiredV1 } from '#libs/paywall/x402/offers';
import { refuse } from '#libs/problems/refusal';
import type { ApiParts } from '../parts.ts';
import type { PaywallAnswer } from './answer.ts';

/** The facilitators' addresses, remembered for this process. */
export function rememberFeePayers(parts: ApiParts): (network: Network) => Promise<readonly Address[]> {
  const known = new Map<Network, FeePayers>();
  for (const [network, client] of parts.facilitators) known.set(network, feePayersOf(client, parts.clock));
  return async network => (await known.get(network)?.of('api.pay.offer', network)) ?? refuse('facilitator_unavailable');
}

/** What a link can be paid with now. While its treasury opens, nothing can arrive there. */
export function openOffers(link: Link): Offer[] {
  const [first, ...others] = offersOf(link);
  if (first === undefined || !first.open) return refuse('treasury_opening', { headers: { 'retry-after': '3' } });
  return [first, ...others.filter(offer => offer.open)];
}

export interface Asking {
  link: Link;
  origin: string;
  feePayers: readonly Address[];
  /** Why an earlier payment was refused, in x402's words. */
  error?: string | undefined;
  /** What the caller spoke, where it is known. */
  version?: 1 | 2 | undefined;
  headers?: Record<string, string>;
}

/** 402: how to pay. Made anew for each request and kept nowhere. */
export function askForPayment(parts: Pick<ApiParts, 'keys' | 'clock'>, asking: Asking): PaywallAnswer {
  const { link, error } = asking;
  const [feePayer] = asking.feePayers;
  if (feePayer === undefined) return refuse('facilitator_unavailable');
  const prices = openOffers(link).map(({ asset, amount }) => ({ asset, amount }));
  const { network, id: linkId, treasury } = link;
  const accepts = makeOffers(parts.keys, { network, linkId, payTo: treasury.payTo, feePayer, prices }, parts.clock.now());
  const resource = {
    url: shareUrl(asking.origin, link),
    description: link.description ?? link.label,
    mimeType: link.template.mimeType,
  };
  const { body, header } = paymentRequired(accepts, resource, error);
  return {
    status: 402,
    headers: { ...asking.headers, 'cache-control': 'no-store', 'payment-required': header },
    body: asking.version === 1 ? paymentRequiredV1(network, accepts, resource, error) : body,
  };
}
