import type { LinkUrls } from '#libs/links/view';
import type { ApiParts } from '../parts.ts';
import type { Origin } from './origin.ts';

/** Where links are paid and settled, as this API knows it: its own origin is only known once it listens. */
export const linkUrls = ({ config }: ApiParts, origin: Origin): LinkUrls => ({
  get origin() {
    return origin.url;
  },
  facilitator: network =>
    (network === 'solana-devnet' ? config.EBB_FACILITATOR_DEVNET_URL : config.EBB_FACILITATOR_MAINNET_URL) ?? null,
});
