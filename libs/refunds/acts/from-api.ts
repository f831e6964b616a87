import type { Caller } from '#libs/accounts/find-caller';
import type { Database, Tx } from '#libs/db/database';
import { type Answer, type Ask, once } from '#libs/idempotency/once';
import type { RefundView } from '../view.ts';
import type { Act, ActDeps, ActKind } from './act.ts';

interface Said {
  client_reference?: string | undefined;
}

/**
 * Carries out an act of an API key, in one transaction with its Idempotency-Key. Answers 200 with the refund as it then
 * stands. Throws `Refusal`; then nothing was written.
 */
export function actByCaller<Body extends Said>(
  deps: ActDeps & { db: Database },
  caller: Caller,
  to: { kind: ActKind; refundId: string },
  ask: Ask<Body>,
  perform: (tx: Tx, deps: ActDeps, act: Act) => Promise<RefundView>,
): Promise<Answer<RefundView>> {
  return actPrepared(deps, caller, to, ask, async act => tx => perform(tx, deps, act));
}

/** The same for an act that asks the world something before its transaction. */
export async function actPrepared<Body extends Said>(
  deps: ActDeps & { db: Database },
  caller: Caller,
  to: { kind: ActKind; refundId: string },
  ask: Ask<Body>,
  prepare: (act: Act) => Promise<(tx: Tx) => Promise<RefundView>>,
): Promise<Answer<RefundView>> {
  const { body } = ask;
  const act: Act = {
    ...to,
    id: deps.ids.next('act'),
    owner: caller,
    actor: { type: 'api_key', id: caller.keyId, clientReference: body.client_reference ?? ask.clientReference },
    arguments: body,
  };
  // The refund is part of what the key was used for.
  const asked = { ...ask, body: { refund_id: to.refundId, ...body } };
  const perform = await prepare(act);
  return deps.db.tx('api.refund.act', tx =>
    once(tx, caller.accountId, asked, async () => ({ status: 200, body: await perform(tx) })),
  );
}
