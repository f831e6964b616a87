import { type RawBuilder, sql } from 'kysely';
import type { Tx } from '#libs/db/database';
import type { Ids } from '#libs/ids/ids';
import type { Network } from '#libs/money/assets';
import type { Atoms } from '#libs/money/atoms';
import { announced, lineWith, type NewLine } from './lines.ts';

/** The kinds told today; those of API.md join as their features do. */
export type EventKind =
  | `payment_link.${'created' | 'updated' | 'deleted' | 'served' | 'settled'}`
  | `payment.${'settled' | 'failed' | 'delivered' | 'delivery_failed' | 'delivery_unknown' | 'partially_refunded' | 'refunded' | 'finalized' | 'reopened' | 'unmatched'}`
  | `refund.${'created' | 'requires_address' | 'requires_approval' | 'requires_signature' | 'pending' | 'updated' | 'needs_attention' | 'processing' | 'succeeded' | 'partially_succeeded' | 'failed' | 'canceled' | 'finalized' | 'reopened'}`
  | `cashback.${'granted' | 'succeeded' | 'failed' | 'skipped'}`
  | 'receipt.published'
  | `agent.${'registered' | 'treasury.opened' | 'treasury.low' | 'treasury.funded' | 'treasury.withdrawn'}`
  | `api_key.${'created' | 'rotated' | 'revoked'}`
  | `webhook.${'disabled' | 'recovered'}`
  | 'invoice.finalized'
  | `reconciliation.${'completed' | 'break_opened' | 'break_closed'}`;

export interface NewEvent {
  kind: EventKind;
  network: Network;
  accountId: string;
  /** The mint of the agent it concerns. */
  agent?: string | null;
  actor: { type: string; id: string };
  object: { type: string; id: string };
  related?: Record<string, string | null>;
  clientReference?: string | null;
  txSig?: string | null;
  amount?: Atoms | null;
  asset?: string | null;
  /** The whole object as it stands after the change, in its wire form. */
  data: object;
}

/**
 * Writes the event of a state change, in the transaction of the change (I6). Returns its id and its number among the
 * object's events: from 1, gapless, in commit order, since the number's row stays locked until the transaction ends.
 */
export async function writeEvent(tx: Tx, ids: Ids, event: NewEvent): Promise<{ id: string; sequence: bigint }> {
  const id = ids.next('event');
  const { rows } = await sql<{ sequence: string }>`with ${eventWith(id, event)} select sequence from told`.execute(tx);
  const [row] = rows;
  if (!row) throw new Error(`event ${id} was not written`);
  return { id, sequence: BigInt(row.sequence) };
}

/** Writes the event of a change and the line that has it carried on, in one statement. */
export async function writeEventAndLine(tx: Tx, ids: Ids, event: NewEvent, line: NewLine): Promise<void> {
  const id = ids.next('event');
  await sql`with ${eventWith(id, event)}, ${lineWith(line)} ${announced(line)}`.execute(tx);
}

/** For a statement's `with`: the event as `told`. */
const eventWith = (id: string, event: NewEvent): RawBuilder<unknown> => sql`
    counted as (
      insert into event_sequences (object_id, n) values (${event.object.id}, 1)
      on conflict (object_id) do update set n = event_sequences.n + 1
      returning n),
    told as (
    insert into events (id, kind, network, account_id, agent, actor_type, actor_id, object_type, object_id, sequence, related,
      client_reference, tx_sig, amount, asset, data)
    select ${id}, ${event.kind}, ${event.network}, ${event.accountId}, ${event.agent ?? null}, ${event.actor.type},
      ${event.actor.id}, ${event.object.type}, ${event.object.id}, n, ${JSON.stringify(event.related ?? {})}::jsonb,
      ${event.clientReference ?? null}, ${event.txSig ?? null}, ${event.amount?.toString() ?? null}::numeric,
      ${event.asset ?? null}, ${JSON.stringify(event.data)}::jsonb
    from counted
    returning sequence)`;
