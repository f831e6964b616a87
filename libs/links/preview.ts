import { getAgent } from '#libs/accounts/agents';
import type { Caller } from '#libs/accounts/find-caller';
import { CURRENCIES, type Currency } from '#libs/money/assets';
import { refuse } from '#libs/problems/refusal';
import type { LinkDeps } from './create.ts';
import { judgeSupported, priceOf } from './judge.ts';
import { judgeFee, lookForFee } from './judge-mints.ts';
import type { NewLink } from './request.ts';
import { type AcceptView, acceptsOf } from './view.ts';

type Draft = Pick<
  NewLink,
  'owner_agent' | 'price' | 'currency' | 'accepts_currencies' | 'protocol' | 'upstream_url' | 'metadata'
>;

export interface LinkPreview {
  accepts: AcceptView[];
  pay_to: string;
  facilitator: string | null;
}

/** What a link of this draft would ask of buyers. Judged as a link is, and nothing is written. */
export async function previewLink(
  { db, urls, chains }: Pick<LinkDeps, 'db' | 'urls' | 'chains'>,
  caller: Caller,
  draft: Draft,
): Promise<LinkPreview> {
  const { accountId, network } = caller;
  judgeSupported(draft);
  judgeFee(await lookForFee(chains.get(network), network, draft));
  const { amount, asset } = priceOf(network, draft);
  const agent = await getAgent(db.read, { accountId, network, mint: draft.owner_agent });
  if (agent === null) return refuse('agent_not_found');
  const { id, owner, accounts } = agent.treasury;
  const accepts = acceptsOf({
    network,
    price: draft.price,
    amount,
    currency: asset.currency,
    alsoAccepts: alsoAccepted(asset.currency, draft.accepts_currencies),
    treasury: { id, payTo: owner, accounts: accounts.map(account => ({ ...account, open: account.openedAt !== null })) },
  });
  return { accepts, pay_to: owner, facilitator: urls.facilitator(network) };
}

/** Each further currency once, without the link's own. */
export const alsoAccepted = (own: Currency, asked: readonly Currency[]): Currency[] =>
  [...new Set(asked)].filter(currency => currency !== own);

export interface PriceView {
  amount_atomic: string;
  currency: string;
  asset: string;
  network: string;
  /** The same number in the network's other currencies. */
  equivalents: { currency: string; asset: string; amount_atomic: string }[];
}

/** What a price text means on the caller's network. Refuses as a link's creation does. */
export function viewPrice({ network }: Pick<Caller, 'network'>, wanted: Pick<NewLink, 'price' | 'currency'>): PriceView {
  const { amount, asset } = priceOf(network, wanted);
  const number = wanted.price.replace(/[^0-9.]/g, '');
  return {
    amount_atomic: amount.toString(),
    currency: asset.currency,
    asset: asset.mint,
    network,
    equivalents: CURRENCIES.filter(currency => currency !== asset.currency).map(currency => {
      const other = priceOf(network, { price: number, currency });
      return { currency, asset: other.asset.mint, amount_atomic: other.amount.toString() };
    }),
  };
}
