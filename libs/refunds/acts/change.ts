import type { Caller } from '#libs/accounts/find-caller';
import { type Answer, type Ask, once } from '#libs/idempotency/once';
import { chainOf, type Parts } from '#libs/parts';
import { type AskedDestination, sightOf } from '../redirect.ts';
import type { RefundView } from '../view.ts';
import type { ChangeBody } from './bodies.ts';
import { setMetadata } from './metadata.ts';
import { redirectRefund } from './redirect.ts';

export type ChangeDeps = Pick<Parts, 'db' | 'ids' | 'clock' | 'pace' | 'workflowUrl' | 'chains'>;

/**
 * Changes a refund's destination, metadata or both, in one transaction; the chain is asked before it, and where it does
 * not answer the workflow asks. Answers 200 with the refund as it then stands. Throws `Refusal`; then nothing was written.
 */
export async function changeRefund(
  deps: ChangeDeps,
  caller: Caller,
  refundId: string,
  ask: Ask<ChangeBody>,
): Promise<Answer<RefundView>> {
  const { destination, metadata, client_reference } = ask.body;
  const sight = await look(deps, caller, refundId, destination);
  const mayRedirect = caller.scopes.has('refunds:redirect');
  const common = {
    refundId,
    owner: caller,
    actor: { type: 'api_key', id: caller.keyId, clientReference: client_reference ?? ask.clientReference },
  };
  const asked = { ...ask, body: { refund_id: refundId, ...ask.body } };
  return deps.db.tx('api.refund.act', tx =>
    once(tx, caller.accountId, asked, async () => {
      let view: RefundView | null = null;
      if (destination) {
        const act = { ...common, id: deps.ids.next('act'), kind: 'redirect' as const, arguments: { destination } };
        view = await redirectRefund(tx, deps, act, destination, { mayRedirect, sight });
      }
      if (metadata) {
        const act = { ...common, id: deps.ids.next('act'), kind: 'metadata' as const, arguments: { metadata } };
        view = await setMetadata(tx, deps, act, metadata);
      }
      if (!view) throw new Error('a change of nothing passed its schema');
      return { status: 200, body: view };
    }),
  );
}

async function look(deps: ChangeDeps, caller: Caller, refundId: string, asked: AskedDestination | undefined) {
  if (!asked) return null;
  const subject = await deps.db.read
    .selectFrom('refunds')
    .select(['asset', 'token_program'])
    .where('id', '=', refundId)
    .where('account_id', '=', caller.accountId)
    .where('network', '=', caller.network)
    .executeTakeFirst();
  return sightOf(chainOf(deps, caller.network), 'api.refund.destination', subject ?? null, asked);
}
