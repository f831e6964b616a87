import { sql } from 'kysely';
import type { Reader, Tx } from '#libs/db/database';
import type { Mint, Owner, TokenAccount, TokenProgram } from '#libs/money/solana-types';
import type { Parts } from '#libs/parts';
import type { PayOutcome } from '#libs/states/outcomes';
import { silence_ms } from '#libs/states/pace';
import { REFUND_TERMINAL, type RefundStatus } from '#libs/states/refund';
import { PEOPLE_WAIT_DAYS, type Waiting } from '#libs/states/waiting';
import type { Watch } from '#libs/transfers/follow';
import { refundDue } from './due.ts';

/** One leg with everything that carrying it out needs. */
export interface LegAtWork {
  leg_id: string;
  leg: number;
  leg_status: string;
  /** Set where it was posted once and is gone from the chain: nothing is signed anew for it before the books are set right. */
  leg_receipt: string | null;
  /** What the payment gives, and what of it the chain moves: without the fee. */
  amount: string;
  net: string;
  /** What the whole refund gives back. */
  refund_amount: string;
  attempts_set_aside: number;
  refund_id: string;
  carrier: string;
  account_id: string;
  network: string;
  /** How long the account lets people take. */
  people_wait_days: number;
  status: RefundStatus;
  waiting: Waiting | null;
  needs_attention: boolean;
  asset: Mint;
  token_program: TokenProgram;
  currency: string;
  payment_status: string;
  /** The slot the payment landed in: a node that has not reached it knows nothing of the payer. */
  payment_slot: string;
  treasury_id: string;
  treasury_owner: Owner;
  treasury_account: TokenAccount;
  destination_owner: Owner | null;
  destination_account: TokenAccount | null;
  destination_how: string;
}

export interface LegRef {
  legId: string;
  refundId: string;
  /** Who speaks: only the row's carrier may write. */
  carrier: string;
}

/**
 * Takes the leg up for its carrier and pushes the row's due time on. Says `stopped` where the refund is at its end or
 * another carries it: then nothing was written.
 */
export async function takeLeg(
  parts: Parts,
  ref: LegRef,
  { pace, tries }: Pick<Watch, 'pace' | 'tries'>,
): Promise<{ kind: 'work'; leg: LegAtWork } | PayOutcome> {
  return parts.db.tx('refund.take', async tx => {
    await tx
      .updateTable('refunds')
      .set({ next_due_at: refundDue(silence_ms(pace, tries)) })
      .where('id', '=', ref.refundId)
      .where('carrier', '=', ref.carrier)
      .where('status', 'not in', [...REFUND_TERMINAL])
      .execute();
    const leg = await readLeg(tx, ref.legId);
    if (leg.leg_status === 'posted') return { kind: 'posted' };
    if (leg.carrier !== ref.carrier || REFUND_TERMINAL.has(leg.status)) return { kind: 'stopped', status: leg.status };
    // Given back to the payment while another leg of this refund was gone: that one is carried on without it.
    if (leg.leg_status === 'voided') return { kind: 'voided' };
    return { kind: 'work', leg };
  });
}

/** A leg as it stands now. */
export async function readLeg(reader: Reader, legId: string): Promise<LegAtWork> {
  const { rows } = await sql<LegAtWork>`
    select l.id as leg_id, l.leg, l.status as leg_status, l.receipt_hash as leg_receipt, l.amount::text, (l.amount - l.fee)::text as net,
      r.amount::text as refund_amount, l.attempts_set_aside, r.id as refund_id, r.carrier, r.account_id, r.network,
      coalesce((acc.settings ->> 'people_wait_days')::int, ${PEOPLE_WAIT_DAYS}) as people_wait_days,
      r.status, r.waiting, r.needs_attention, r.asset, r.token_program, r.currency, p.status as payment_status, p.slot::text as payment_slot, r.treasury_id,
      t.owner as treasury_owner, ta.token_account as treasury_account, r.destination_owner, r.destination_account, r.destination_how
    from legs l
    join refunds r on r.id = l.refund_id
    join payments p on p.id = r.payment_id
    join accounts acc on acc.id = r.account_id
    join treasuries t on t.id = r.treasury_id
    join treasury_accounts ta on ta.treasury_id = r.treasury_id and ta.mint = r.asset
    where l.id = ${legId}`.execute(reader);
  const [leg] = rows;
  if (!leg) throw new Error(`no leg ${legId}`);
  return leg;
}

/** Locks a refund and then its legs (always in this order); null unless the carrier still carries it and it is not at its end. */
export async function lockCarried(tx: Tx, ref: LegRef): Promise<LegAtWork | null> {
  const held = await tx
    .selectFrom('refunds')
    .select('id')
    .where('id', '=', ref.refundId)
    .where('carrier', '=', ref.carrier)
    .where('status', 'not in', [...REFUND_TERMINAL])
    .forUpdate()
    .executeTakeFirst();
  if (!held) return null;
  await tx.selectFrom('legs').select('id').where('refund_id', '=', ref.refundId).orderBy('leg').forUpdate().execute();
  return readLeg(tx, ref.legId);
}

/** The outcome of a leg that waits, as its workflow and the UI show it; both ask for someone when the row does. */
export const waitingOutcome = (
  refund: { status: string; needs_attention: boolean },
  waiting: Waiting,
  tx_sig: string | null,
): PayOutcome => ({
  kind: 'waiting',
  reason: waiting.reason,
  since: waiting.since,
  person: refund.needs_attention,
  status: refund.status,
  tx_sig,
  ends_when: waiting.ends_when,
  // Left out where nothing expires: a carrier that sees it sleeps until then.
  ...(waiting.expires_at && refund.status.startsWith('requires_') ? { expires_at: waiting.expires_at } : {}),
});
