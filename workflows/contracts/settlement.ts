import { defineUpdate } from '@temporalio/workflow';
import type { Pace } from '#libs/states/pace';

export interface SettlementInput {
  payment_id: string;
  network: string;
  /** For the summary a person reads; amounts as decimal strings. */
  amount_atomic: string;
  currency: string;
  link: string;
  pace: Pace;
}

export interface SettlementOutcome {
  status: 'settled' | 'failed' | 'pending' | 'carried_elsewhere';
  code?: string;
}

/** A buyer's request waits here; the main function does the work, the handler only waits. */
export const awaitSettled = defineUpdate<SettlementOutcome, []>('awaitSettled');
