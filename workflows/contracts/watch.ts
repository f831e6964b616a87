import type { Pace } from '#libs/states/pace';

export interface WatchInput {
  pace: Pace;
}
