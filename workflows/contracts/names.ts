/** Ids, queues and names that processes share with workflows. Types and constants only. */
export const TASK_QUEUE = 'core';

export const WORKFLOW = {
  settlePayment: 'settlePayment',
  refundPayment: 'refundPayment',
  openTreasury: 'openTreasury',
  watchFinality: 'watchFinality',
  restartOverdue: 'restartOverdue',
} as const;
export type WorkflowType = keyof typeof WORKFLOW;

/** `settlement:{network}:{message hash}`: a signature is no identity, a buyer can sign one message twice. */
export const settlementId = (network: string, messageHash: Uint8Array): string =>
  `settlement:${network}:${Buffer.from(messageHash).toString('hex')}`;
export const refundWorkflowId = (refundId: string): string => `refund:${refundId}`;
export const treasuryWorkflowId = (treasuryId: string): string => `treasury:${treasuryId}`;

/** One constant update id: however many callers wait, the server holds one update. */
export const AWAIT_SETTLED_UPDATE_ID = 'awaitSettled';

export const SCHEDULE = { watchFinality: 'watchFinality', restartOverdue: 'restartOverdue' } as const;
