import { type Asset, assetOf } from '#libs/money/assets';
import type { Atoms } from '#libs/money/atoms';
import type { Owner, TokenAccount } from '#libs/money/solana-types';
import type { Link } from './link.ts';
import { readPrice } from './price.ts';

/** One way to pay a link: an asset, how many atoms of it, and where they go. */
export interface Offer {
  asset: Asset;
  amount: Atoms;
  payTo: Owner;
  tokenAccount: TokenAccount;
  /** Whether the token account can take money yet. */
  open: boolean;
}

/** Every way to pay a link, its own currency first. The number in the price holds for each asset, by that asset's decimals. */
export function offersOf(link: Pick<Link, 'network' | 'price' | 'amount' | 'currency' | 'alsoAccepts' | 'treasury'>): Offer[] {
  return [link.currency, ...link.alsoAccepts].map(currency => {
    const asset = assetOf(link.network, currency);
    const account = link.treasury.accounts.find(one => one.mint === asset.mint);
    if (account === undefined) throw new Error(`treasury ${link.treasury.id} has no account for ${currency}`);
    const { tokenAccount, open } = account;
    return { asset, amount: amountIn(link, asset), payTo: link.treasury.payTo, tokenAccount, open };
  });
}

function amountIn(link: Pick<Link, 'network' | 'price' | 'amount' | 'currency'>, asset: Asset): Atoms {
  if (asset.currency === link.currency) return link.amount;
  const reading = readPrice(link.network, numberOf(link.price), asset.currency);
  if (reading.kind !== 'price') throw new Error(`the price ${link.price} is none in ${asset.currency}`);
  return reading.amount;
}

const numberOf = (price: string): string => price.replace(/[^0-9.]/g, '');
