import { type Chain, ChainUnavailable } from '#libs/chain/chain';
import { assetOf, type Currency, type Network } from '#libs/money/assets';
import { refuse } from '#libs/problems/refusal';
import { takesFee } from '#libs/transfers/mint-now';
import { readPrice } from './price.ts';
import type { NewLink } from './request.ts';

type Accepting = Pick<NewLink, 'price' | 'currency' | 'accepts_currencies'>;

/** An asset that a link would take and whose mint keeps part of every transfer. */
export interface FeeSeen {
  currency: Currency;
  pointer: string;
  detail: string;
}

/**
 * Asks the chain, before anything is locked, whether the mint of one of the link's assets takes a fee. Null where none does,
 * or nobody answers: the link is then accepted, and the paywall asks again before it takes a payment.
 */
export async function lookForFee(chain: Chain | undefined, network: Network, wanted: Accepting): Promise<FeeSeen | null> {
  const reading = readPrice(network, wanted.price, wanted.currency);
  // A price that is none is refused for that.
  if (chain === undefined || reading.kind !== 'price') return null;
  const asked = [
    { currency: reading.asset.currency, pointer: '/currency' },
    ...wanted.accepts_currencies.map((currency, at) => ({ currency, pointer: `/accepts_currencies/${at}` })),
  ];
  try {
    for (const { currency, pointer } of asked) {
      const fee = await takesFee(chain, 'api.link.asset', assetOf(network, currency));
      if (fee) return { currency, pointer, detail: `${currency} is refused until ${fee.ends_when}.` };
    }
    return null;
  } catch (error) {
    if (error instanceof ChainUnavailable) return null;
    throw error;
  }
}

/** A buyer would pay the price and the seller receive less, and a refund could not give back to the atom. */
export function judgeFee(seen: FeeSeen | null): void {
  if (seen === null) return;
  const { currency, pointer, detail } = seen;
  refuse('asset_unsupported', { detail, members: { currency }, errors: [{ pointer, code: 'asset_unsupported', detail }] });
}
