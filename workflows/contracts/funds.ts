import type { Pace } from '#libs/states/pace';

/** One treasury's money in one asset, as long as refunds wait for it. */
export interface TreasuryWatch {
  treasury_id: string;
  mint: string;
  network: string;
  pace: Pace;
}

/** The SOL of the account that pays a network's fees, as long as refunds wait for it. */
export interface SponsorWatch {
  network: string;
  pace: Pace;
}
