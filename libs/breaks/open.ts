import { sql } from 'kysely';
import type { Tx } from '#libs/db/database';
import type { Ids } from '#libs/ids/ids';
import type { Network } from '#libs/money/assets';
import type { Atoms } from '#libs/money/atoms';
import { writeEvent } from '#libs/outbox/write-event';

/** Where the books and the chain differ, and somebody has to look. */
export interface NewBreak {
  /** What kind of difference, as a name of the domain: `payment_reversed`, … */
  kind: string;
  accountId: string;
  network: Network;
  /** The mint of the agent it concerns. */
  agent: string | null;
  /** What it is about. The same kind of break about the same object is one break. */
  object: { type: string; id: string };
  asset: string;
  /** What the books had, and what there is, in atoms. */
  expected: Atoms;
  found: Atoms;
  /** What a person needs who looks into it. */
  detail: Record<string, unknown>;
  related?: Record<string, string | null>;
  actor: { type: string; id: string };
}

/**
 * Opens a break, in the transaction that found or made the difference, and tells it. Once per kind and object: found again,
 * it is left as people have it, and nothing is told. Returns its id, or null where it was open (or closed) already.
 */
export async function openBreak(tx: Tx, ids: Ids, found: NewBreak): Promise<string | null> {
  const opened = await tx
    .insertInto('breaks')
    .values({
      id: ids.next('break'),
      account_id: found.accountId,
      network: found.network,
      kind: found.kind,
      object_type: found.object.type,
      object_id: found.object.id,
      asset: found.asset,
      expected: found.expected.toString(),
      found: found.found.toString(),
      detail: JSON.stringify(found.detail),
    })
    .onConflict(conflict => conflict.columns(['kind', 'object_id']).doNothing())
    .returning(['id', 'status', sql<Date>`opened_at`.as('opened_at')])
    .executeTakeFirst();
  if (!opened) return null;
  await writeEvent(tx, ids, {
    kind: 'reconciliation.break_opened',
    network: found.network,
    accountId: found.accountId,
    agent: found.agent,
    actor: found.actor,
    object: { type: 'break', id: opened.id },
    related: found.related ?? {},
    amount: found.expected,
    asset: found.asset,
    data: {
      id: opened.id,
      network: found.network,
      kind: found.kind,
      object: found.object,
      asset: found.asset,
      expected_atomic: found.expected.toString(),
      found_atomic: found.found.toString(),
      detail: found.detail,
      status: opened.status,
      opened_at: opened.opened_at.toISOString(),
    },
  });
  return opened.id;
}
