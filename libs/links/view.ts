import { CAIP2, type Network } from '#libs/money/assets';
import { atoms } from '#libs/money/atoms';
import type { DeliveryPolicy, Link } from './link.ts';
import { offersOf } from './offers.ts';
import { type ResponseTemplate, readTemplate } from './template.ts';

/** Where this API and its facilitators are reached: what a link's view is completed with. */
export interface LinkUrls {
  origin: string;
  facilitator(network: Network): string | null;
}

/** A link's wire form (API.md, "Payment links"). */
export interface LinkView {
  id: string;
  network: string;
  label: string;
  description: string | null;
  owner_agent: string;
  pay_to: string;
  method: string;
  path: string;
  price: string;
  currency: string;
  accepts_currencies: string[];
  protocol: string;
  facilitator: string | null;
  share_url: string;
  accepts: AcceptView[];
  response: ResponseTemplate;
  webhook_url: string | null;
  wrap_receipt: boolean;
  metadata: Record<string, unknown>;
  delivery: DeliveryPolicy;
  counters: CountersView;
  disabled_at: string | null;
  created_at: string;
  updated_at: string;
}

export interface AcceptView {
  scheme: 'exact';
  /** CAIP-2. */
  network: string;
  pay_to: string;
  asset: string;
  amount: string;
  currency: string;
}

export interface CountersView {
  call_count: number;
  settled_count: number;
  refunded_count: number;
  last_called_at: string | null;
  last_settled_at: string | null;
  last_tx_sig: string | null;
  gross_atomic: string;
  refunded_atomic: string;
  cashback_atomic: string;
  net_atomic: string;
}

export function linkView(link: Link, urls: LinkUrls): LinkView {
  return {
    id: link.slug,
    network: link.network,
    label: link.label,
    description: link.description,
    owner_agent: link.agent.mint,
    pay_to: link.treasury.payTo,
    method: link.method,
    path: pathOf(link.slug),
    price: link.price,
    currency: link.currency,
    accepts_currencies: link.alsoAccepts,
    protocol: link.protocol,
    facilitator: urls.facilitator(link.network),
    share_url: shareUrl(urls.origin, link),
    accepts: acceptsOf(link),
    response: readTemplate(link.template),
    webhook_url: link.webhookUrl,
    wrap_receipt: link.wrapReceipt,
    metadata: link.metadata,
    delivery: link.delivery,
    counters: countersView(link.counters),
    disabled_at: link.disabledAt?.toISOString() ?? null,
    created_at: link.createdAt.toISOString(),
    updated_at: link.updatedAt.toISOString(),
  };
}

const pathOf = (slug: string): string => `/x/${slug}`;

/** The URL to give to buyers. The paywall's default is mainnet, so a devnet link names its network. */
export function shareUrl(origin: string, link: { slug: string; network: string }): string {
  return `${origin}${pathOf(link.slug)}${link.network === 'solana-mainnet' ? '' : `?network=${link.network}`}`;
}

export function acceptsOf(link: Parameters<typeof offersOf>[0]): AcceptView[] {
  return offersOf(link).map(offer => ({
    scheme: 'exact',
    network: CAIP2[link.network],
    pay_to: offer.payTo,
    asset: offer.asset.mint,
    amount: offer.amount.toString(),
    currency: offer.asset.currency,
  }));
}

function countersView(counters: Link['counters']): CountersView {
  const { gross, refunded, cashback } = counters;
  return {
    call_count: counters.calls,
    settled_count: counters.settled,
    refunded_count: counters.refunds,
    last_called_at: counters.lastCalledAt?.toISOString() ?? null,
    last_settled_at: counters.lastSettledAt?.toISOString() ?? null,
    last_tx_sig: counters.lastTxSig,
    gross_atomic: gross.toString(),
    refunded_atomic: refunded.toString(),
    cashback_atomic: cashback.toString(),
    net_atomic: atoms(gross - refunded - cashback).toString(),
  };
}
