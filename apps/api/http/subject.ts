import type { Subject } from './request.ts';

/** The ids an answer is about, for the log line of its request. */
export function subjectOf(answer: unknown): Subject {
  if (typeof answer !== 'object' || answer === null) return {};
  const { id, payment_id, payment_link_id, workflow } = answer as Record<string, unknown>;
  const own = typeof id === 'string' ? id : '';
  const workflowId = typeof workflow === 'object' && workflow !== null && 'id' in workflow ? workflow.id : undefined;
  return {
    ...(typeof payment_id === 'string' ? { payment_id } : {}),
    ...(typeof payment_link_id === 'string' ? { payment_link_id } : {}),
    ...(own.startsWith('pay_') ? { payment_id: own } : {}),
    ...(own.startsWith('re_') ? { refund_id: own } : {}),
    ...(typeof workflowId === 'string' ? { workflow_id: workflowId } : {}),
  };
}
