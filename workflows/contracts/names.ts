/** Ids, queues and names that processes share with workflows. Types and constants only. */
export const TASK_QUEUE = 'core';

export const WORKFLOW = {
  settlePayment: 'settlePayment',
  refundPayment: 'refundPayment',
  openTreasury: 'openTreasury',
  watchTreasury: 'watchTreasury',
  watchSponsor: 'watchSponsor',
  scanTreasuries: 'scanTreasuries',
  watchFinality: 'watchFinality',
  restartOverdue: 'restartOverdue',
} as const;
export type WorkflowType = keyof typeof WORKFLOW;

/** One constant update id: however many callers wait, the server holds one update. */
export const AWAIT_SETTLED_UPDATE_ID = 'awaitSettled';

export const SCHEDULE = {
  watchFinality: 'watchFinality',
  restartOverdue: 'restartOverdue',
  scanTreasuries: 'scanTreasuries',
} as const;
