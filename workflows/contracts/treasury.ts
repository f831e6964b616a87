import type { Pace } from '#libs/states/pace';

export interface TreasuryInput {
  treasuryId: string;
  network: string;
  pace: Pace;
}
