import type { WatchInput } from '#workflows/contracts/watch';
import { remote } from './desk.ts';

/** Books what moved treasuries beside payments and refunds: deposits, withdrawals. Started by a Schedule. */
export const scanTreasuries = ({ pace }: WatchInput): Promise<{ booked: number }> =>
  remote(pace, 'read what happened to treasuries').scanTreasuries({ pace });
