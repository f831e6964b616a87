import { type Asset, assetOf, CURRENCIES, type Currency, type Network } from '#libs/money/assets';
import { type Atoms, atoms, fitsU64 } from '#libs/money/atoms';

export type PriceFault = 'unparseable_price' | 'price_currency_mismatch' | 'price_not_positive' | 'price_too_large';
export type PriceReading = { kind: 'price'; amount: Atoms; asset: Asset } | { kind: PriceFault };

/** What a price is in where nothing says otherwise, and what `$` and `USD` stand for then. */
export const DEFAULT_CURRENCY: Currency = 'USDC';

/** Longer than any price that fits 64 bits, zeros in front included. */
const MAX_LENGTH = 64;
const PRICE = /^(?:\$(?<dollars>\d+(?:\.\d+)?)|(?<number>\d+(?:\.\d+)?)(?: ?(?<symbol>[A-Za-z]+))?)$/;

/**
 * Reads a price text: `$N`, `N SYM`, `NSYM` or bare `N`, trimmed, with N = digits, optionally a point and digits. The
 * symbol decides where no currency is asked for. Nothing is rounded: more decimals than the mint has cannot be read.
 */
export function readPrice(network: Network, text: string, asked?: Currency | undefined): PriceReading {
  const trimmed = text.trim();
  const read = trimmed.length <= MAX_LENGTH ? PRICE.exec(trimmed)?.groups : undefined;
  if (read === undefined) return { kind: 'unparseable_price' };
  const named = currencyOf(read.symbol, asked ?? DEFAULT_CURRENCY);
  if (named === null) return { kind: 'unparseable_price' };
  if (asked !== undefined && named !== asked) return { kind: 'price_currency_mismatch' };
  const asset = assetOf(network, named);
  const amount = toAtoms(read.dollars ?? read.number ?? '', asset.decimals);
  if (amount === null) return { kind: 'unparseable_price' };
  if (amount === 0n) return { kind: 'price_not_positive' };
  return fitsU64(amount) ? { kind: 'price', amount: atoms(amount), asset } : { kind: 'price_too_large' };
}

function currencyOf(symbol: string | undefined, fallback: Currency): Currency | null {
  const upper = symbol?.toUpperCase();
  if (upper === undefined || upper === 'USD') return fallback;
  return CURRENCIES.find(currency => currency === upper) ?? null;
}

function toAtoms(number: string, decimals: number): bigint | null {
  const [whole = '', fraction = ''] = number.split('.');
  if (fraction.length > decimals) return null;
  return BigInt(whole + fraction.padEnd(decimals, '0'));
}
