import { randomBytes } from 'node:crypto';
import { openBuyer } from '#apps/dev/buyer';
import type { Currency } from '#libs/money/assets';
import { giveTokens } from './funds.ts';
import { Shop } from './shop.ts';

const FUNDS = 3_000_000n;

/** The same link, visited by somebody who has never paid before and holds three dollars: what becomes of their account is theirs. */
export async function anotherBuyer(shop: Shop, currency: Currency = 'USDC'): Promise<Shop> {
  const buyer = await openBuyer(shop.stack.urls.rpc, randomBytes(32));
  await giveTokens(shop.stack, buyer, FUNDS, currency);
  return new Shop(shop.stack, shop.api, { agent: shop.agent, link: shop.link, buyer });
}
