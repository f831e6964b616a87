import type { WatchInput } from '#workflows/contracts/watch';
import { remote } from './desk.ts';

/** A look, in bulk, at what is confirmed and not yet final. Started by a Schedule. */
export const watchFinality = ({ pace }: WatchInput): Promise<{ finalized: number; gone: number }> =>
  remote(pace, 'look at what is confirmed').watchFinality({ pace });
