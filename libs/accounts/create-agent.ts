import { address } from '@solana/kit';
import { sql } from 'kysely';
import type { Tx } from '#libs/db/database';
import type { Ids } from '#libs/ids/ids';
import type { Network } from '#libs/money/assets';
import { writeLine } from '#libs/outbox/lines';
import { writeEvent } from '#libs/outbox/write-event';
import { refuse } from '#libs/problems/refusal';
import type { Sealer } from '#libs/secrets/sealer';
import type { Pace } from '#libs/states/pace';
import { agentView } from './agent-view.ts';
import { type Agent, agentById, getAgent } from './agents.ts';
import { openTreasuryRows } from './treasury-rows.ts';

export interface AgentDeps {
  ids: Ids;
  sealer: Sealer;
  /** Handed to openTreasury in its input. */
  pace: Pace;
}

export interface NewAgent {
  accountId: string;
  network: Network;
  mint: string;
  label: string;
  /** `managed`: we make a key, its address is `pay_to`. `self`: the agent's Asset Signer PDA is `pay_to`, we hold no key. */
  treasury: { kind: 'managed' | 'self' };
  actor: { type: string; id: string };
  clientReference?: string | null;
}

/**
 * Registers an agent with its treasury, whose token accounts are not open yet: the outbox line for openTreasury is in the
 * same transaction. Refuses `agent_already_registered`. Throws when the mint is no address.
 */
export async function createAgent(tx: Tx, deps: AgentDeps, wanted: NewAgent): Promise<Agent> {
  await oneAtATime(tx, wanted);
  if (await getAgent(tx, wanted)) refuse('agent_already_registered');
  return register(tx, deps, wanted);
}

/** The account's agent of this mint, registered as `self` if there is none: what a link for an unknown mint does. */
export async function ensureAgent(tx: Tx, deps: AgentDeps, wanted: Omit<NewAgent, 'treasury'>): Promise<Agent> {
  const standing = await getAgent(tx, wanted);
  if (standing) return standing;
  await oneAtATime(tx, wanted);
  return (await getAgent(tx, wanted)) ?? register(tx, deps, { ...wanted, treasury: { kind: 'self' } });
}

/** Two who register one mint take turns, so that the second finds the first's agent instead of a broken constraint. */
async function oneAtATime(tx: Tx, { accountId, network, mint }: Pick<NewAgent, 'accountId' | 'network' | 'mint'>): Promise<void> {
  await sql`select pg_advisory_xact_lock(hashtextextended(${`agent:${accountId}:${network}:${mint}`}, 0))`.execute(tx);
}

async function register(tx: Tx, deps: AgentDeps, wanted: NewAgent): Promise<Agent> {
  const { accountId, network } = wanted;
  const mint = address(wanted.mint);
  const treasuryId = await openTreasuryRows(tx, deps, { accountId, network, kind: wanted.treasury.kind, mint });
  const id = deps.ids.next('agent');
  await tx
    .insertInto('agents')
    .values({ id, account_id: accountId, network, mint, label: wanted.label, treasury_id: treasuryId })
    .execute();
  const agent = await agentById(tx, id);
  if (!agent) throw new Error(`agent ${id} was not written`);
  await writeEvent(tx, deps.ids, {
    kind: 'agent.registered',
    network,
    accountId,
    agent: mint,
    actor: wanted.actor,
    object: { type: 'agent', id },
    clientReference: wanted.clientReference ?? null,
    data: agentView(agent),
  });
  await writeLine(tx, {
    kind: 'start',
    workflowType: 'openTreasury',
    workflowId: `treasury:${treasuryId}`,
    input: { treasuryId, network, pace: deps.pace },
    search: { AccountId: accountId, AgentMint: mint },
    summary: `Open the token accounts of ${wanted.label}`,
    accountId,
  });
  return agent;
}
