import type { WatchInput } from '#workflows/contracts/watch';
import { remote } from './desk.ts';

/** Starts the carriers of open rows again that have been silent past their due time. Started by a Schedule. */
export const restartOverdue = ({ pace }: WatchInput): Promise<{ restarted: number }> =>
  remote(pace, 'start abandoned rows again').restartOverdue({ pace });
