import { type ZodType, z } from 'zod';
import type { Tx } from '#libs/db/database';
import type { Parts } from '#libs/parts';
import { Refusal } from '#libs/problems/refusal';
import type { ActOutcome, Run } from '#libs/states/outcomes';
import type { RefundView } from '../view.ts';
import type { Act } from './act.ts';
import { CancelBody, ResolveBody, RetryBody } from './bodies.ts';
import { cancelRefund } from './cancel.ts';
import { readyToResolve } from './resolve.ts';
import { retryRefund } from './retry.ts';

/** An act as a workflow's update asks for it. Its arguments come from whoever sent it: nothing is known of them. */
export interface UpdateAct {
  kind: keyof typeof ACTS;
  refundId: string;
  updateId: string;
  arguments: unknown;
}

/** What is asked of the world before the transaction, and then the transaction. */
type Prepared = (tx: Tx) => Promise<RefundView>;
interface Known<Body extends object> {
  body: ZodType<Body>;
  prepare(parts: Parts, act: Act, body: Body): Promise<Prepared>;
}
const known = <Body extends object>(body: ZodType<Body>, prepare: Known<Body>['prepare']) => ({
  /** Null where the arguments are not of its shape. */
  read(parts: Parts, given: unknown): { fault: string } | { arguments: object; ready(act: Act): Promise<Prepared> } {
    const read = body.safeParse(given);
    if (!read.success) return { fault: z.prettifyError(read.error) };
    return { arguments: read.data, ready: act => prepare(parts, act, read.data) };
  },
});

const ACTS = {
  cancel: known(CancelBody, async (parts, act) => tx => cancelRefund(tx, parts, act)),
  retry: known(RetryBody, async (parts, act) => tx => retryRefund(tx, parts, act)),
  resolve: known(ResolveBody, (parts, act, body) => readyToResolve(parts, 'refund.resolution', act, body)),
} as const;

/**
 * Carries out an act sent to the refund's workflow, by the same functions the API calls. The workflow and the update's id
 * name the act, so a retried activity, or an update that the server runs again after a reset, does nothing twice. Who sent
 * an update Temporal does not tell: it is audited as an operator's.
 */
export async function actFromWorkflow(parts: Parts, run: Run, ask: UpdateAct): Promise<ActOutcome> {
  const read = ACTS[ask.kind].read(parts, ask.arguments ?? {});
  if ('fault' in read) return { kind: 'refused', code: 'invalid_request', message: read.fault };
  const act: Act = {
    id: `${run.workflow_id}/${ask.updateId}`,
    kind: ask.kind,
    refundId: ask.refundId,
    actor: { type: 'operator', id: 'temporal' },
    arguments: read.arguments,
  };
  try {
    const perform = await read.ready(act);
    const { status } = await parts.db.tx('refund.act', perform);
    return { kind: 'done', status };
  } catch (error) {
    if (error instanceof Refusal) return { kind: 'refused', code: error.code, message: error.detail };
    throw error;
  }
}
