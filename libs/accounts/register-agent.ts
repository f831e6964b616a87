import type { Database } from '#libs/db/database';
import { type Answer, type Ask, once } from '#libs/idempotency/once';
import { refuse } from '#libs/problems/refusal';
import { type AgentView, agentView } from './agent-view.ts';
import { type AgentDeps, createAgent } from './create-agent.ts';
import type { Caller } from './find-caller.ts';

/** What a caller asks for, already well formed. */
export interface AgentRequest {
  mint: string;
  label: string;
  treasury: { kind: 'managed' | 'delegated' | 'self' };
  client_reference?: string | undefined;
}

/**
 * Registers an agent on the caller's network, once per Idempotency-Key. Answers 201 at once; its treasury opens later.
 * Only managed treasuries are taken: of the other kinds this build could receive money and not give it back.
 */
export function registerAgent(
  deps: AgentDeps & { db: Database },
  caller: Caller,
  ask: Ask<AgentRequest>,
): Promise<Answer<AgentView>> {
  const { mint, label, treasury, client_reference } = ask.body;
  if (treasury.kind !== 'managed') refuse('treasury_kind_unsupported');
  const wanted = {
    accountId: caller.accountId,
    network: caller.network,
    mint,
    label,
    treasury: { kind: treasury.kind },
    actor: { type: 'api_key', id: caller.keyId },
    clientReference: client_reference ?? ask.clientReference,
  };
  return deps.db.tx('api.agent.create', tx =>
    once(tx, caller.accountId, ask, async () => ({ status: 201, body: agentView(await createAgent(tx, deps, wanted)) })),
  );
}
