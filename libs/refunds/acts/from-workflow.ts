import { type ZodType, z } from 'zod';
import type { Tx } from '#libs/db/database';
import type { Parts } from '#libs/parts';
import { Refusal } from '#libs/problems/refusal';
import type { ActOutcome, Run } from '#libs/states/outcomes';
import type { RefundView } from '../view.ts';
import type { Act, ActDeps } from './act.ts';
import { CancelBody, RetryBody } from './bodies.ts';
import { cancelRefund } from './cancel.ts';
import { retryRefund } from './retry.ts';

/** An act as a workflow's update asks for it. Its arguments come from whoever sent it: nothing is known of them. */
export interface UpdateAct {
  kind: keyof typeof ACTS;
  refundId: string;
  updateId: string;
  arguments: unknown;
}

interface Known {
  body: ZodType<object>;
  perform(tx: Tx, deps: ActDeps, act: Act): Promise<RefundView>;
}

const ACTS = {
  cancel: { body: CancelBody, perform: cancelRefund },
  retry: { body: RetryBody, perform: retryRefund },
} as const satisfies Record<string, Known>;

/**
 * Carries out an act sent to the refund's workflow, by the same functions the API calls. The workflow and the update's id
 * name the act, so a retried activity, or an update that the server runs again after a reset, does nothing twice. Who sent
 * an update Temporal does not tell: it is audited as an operator's.
 */
export async function actFromWorkflow(parts: Parts, run: Run, ask: UpdateAct): Promise<ActOutcome> {
  const { body, perform }: Known = ACTS[ask.kind];
  const read = body.safeParse(ask.arguments ?? {});
  if (!read.success) return { kind: 'refused', code: 'invalid_request', message: z.prettifyError(read.error) };
  const act: Act = {
    id: `${run.workflow_id}/${ask.updateId}`,
    kind: ask.kind,
    refundId: ask.refundId,
    actor: { type: 'operator', id: 'temporal' },
    arguments: read.data,
  };
  try {
    const { status } = await parts.db.tx('refund.act', tx => perform(tx, parts, act));
    return { kind: 'done', status };
  } catch (error) {
    if (error instanceof Refusal) return { kind: 'refused', code: error.code, message: error.detail };
    throw error;
  }
}
