import { defineSignal } from '@temporalio/workflow';
import type { Pace } from '#libs/states/pace';

export interface RefundInput {
  refund_id: string;
  payment_id: string;
  network: string;
  amount_atomic: string;
  currency: string;
  legs: { id: string; amount_atomic: string }[];
  pace: Pace;
}

export interface RefundOutcome {
  status: string;
  tx_sig?: string;
}

/** Something that a waiting carrier should look at: funds, an act, a destination. It only wakes. */
export const wake = defineSignal<[]>('wake');
