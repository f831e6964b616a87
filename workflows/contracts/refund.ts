import { defineSignal, defineUpdate } from '@temporalio/workflow';
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

/** What an update came to: the state the refund has now. A refusal is an `ApplicationFailure` of the refusal's code. */
export interface ActResult {
  status: string;
}

/** Acts that the Temporal UI can send; their arguments are judged where they are carried out (libs/refunds/acts). */
export const refundUpdates = {
  cancel: defineUpdate<ActResult, [arguments?: unknown]>('cancel'),
  retry: defineUpdate<ActResult, [arguments?: unknown]>('retry'),
  resolve: defineUpdate<ActResult, [arguments?: unknown]>('resolve'),
} as const;
export type RefundUpdate = keyof typeof refundUpdates;
