import { z } from 'zod';
import { Address, AmountAtomic, Currency, Network } from '../http/wire.ts';

export const ParsePrice = z
  .strictObject({ price: z.string().max(200), currency: Currency.optional() })
  .meta({ id: 'ParsePrice' });
export type ParsePrice = z.infer<typeof ParsePrice>;

export const ParsedPrice = z
  .strictObject({
    amount_atomic: AmountAtomic,
    currency: Currency,
    asset: Address,
    network: Network,
    equivalents: z.array(z.strictObject({ currency: Currency, asset: Address, amount_atomic: AmountAtomic })),
  })
  .meta({ id: 'ParsedPrice' });
