export { openTreasury } from './open-treasury.ts';
export { refundPayment } from './refund-payment.ts';
export { restartOverdue } from './restart-overdue.ts';
export { scanTreasuries } from './scan-treasuries.ts';
export { settlePayment } from './settle-payment.ts';
export { watchFinality } from './watch-finality.ts';
export { watchSponsor, watchTreasury } from './watch-funds.ts';
