import type { Clock } from '#libs/clock/clock';
import type { Database } from '#libs/db/database';
import { dueIn } from '#libs/db/due';
import type { Ids } from '#libs/ids/ids';
import type { Network } from '#libs/money/assets';
import type { Atoms } from '#libs/money/atoms';
import { type NewLine, writeLine } from '#libs/outbox/lines';
import type { Pace } from '#libs/states/pace';
import { waitFor } from '#libs/states/waiting';

/** A proof that is bound to a link's offer, and everything its settlement needs. Judged already; nothing is written yet. */
export interface ProofToClaim {
  accountId: string;
  agentId: string;
  agentMint: string;
  treasuryId: string;
  linkId: string;
  linkSlug: string;
  network: Network;
  protocol: 'x402' | 'mpp';
  protocolVersion: string;
  /** SHA-256 of the message bytes as received. */
  messageHash: Buffer;
  wire: Buffer;
  memo: string;
  /** The buyer showed the offer's secret, which the chain never shows. */
  secretShown: boolean;
  requirements: object;
  requirementsHash: string;
  request: { method: string; url: string; body_hash: string | null };
  price: Atoms;
  asset: string;
  tokenProgram: string;
  currency: string;
  payToAccount: string;
  clientReference: string | null;
}

/** Where the chain stood before the bytes were stored: what bounds how long they can live. */
export interface Heights {
  seenSlot: bigint;
  seenHeight: bigint;
  finalizedSlot: bigint;
  finalizedHeight: bigint;
}

/** A signature is no identity: a buyer can sign one message twice. */
const settlementWorkflowId = (network: string, messageHash: Buffer): string =>
  `settlement:${network}:${messageHash.toString('hex')}`;

/**
 * Claims a proof: the row is the claim, its unique message hash is I9. Returns null where the message is claimed already,
 * by whomever and on whatever link. The relay would start the workflow after `delayMs`, should the caller die before.
 */
export async function claimPayment(
  deps: { db: Database; ids: Ids; clock: Clock; pace: Pace },
  proof: ProofToClaim,
  heights: Heights,
  delayMs: number,
): Promise<{ id: string; line: NewLine } | null> {
  const id = deps.ids.next('payment');
  const workflowId = settlementWorkflowId(proof.network, proof.messageHash);
  const line = settlementLine(deps.pace, {
    id,
    carrier: workflowId,
    account_id: proof.accountId,
    network: proof.network,
    price: proof.price.toString(),
    currency: proof.currency,
    slug: proof.linkSlug,
    mint: proof.agentMint,
  });
  return deps.db.tx('api.pay.claim', async tx => {
    const claimed = await tx
      .insertInto('payments')
      .values({
        id,
        account_id: proof.accountId,
        agent_id: proof.agentId,
        treasury_id: proof.treasuryId,
        link_id: proof.linkId,
        network: proof.network,
        protocol: proof.protocol,
        protocol_version: proof.protocolVersion,
        status: 'pending',
        message_hash: proof.messageHash,
        wire: proof.wire,
        memo: proof.memo,
        secret_shown: proof.secretShown,
        requirements: JSON.stringify(proof.requirements),
        requirements_hash: proof.requirementsHash,
        request: JSON.stringify(proof.request),
        price: proof.price.toString(),
        asset: proof.asset,
        token_program: proof.tokenProgram,
        currency: proof.currency,
        pay_to_account: proof.payToAccount,
        seen_slot: heights.seenSlot,
        seen_height: heights.seenHeight,
        finalized_slot: heights.finalizedSlot,
        finalized_height: heights.finalizedHeight,
        waiting: JSON.stringify(waitFor('not_yet_sent', deps.clock.now())),
        carrier: workflowId,
        next_due_at: dueIn(deps.pace.overdue_ms),
        client_reference: proof.clientReference,
      })
      .onConflict(conflict => conflict.column('message_hash').doNothing())
      .returning('id')
      .executeTakeFirst();
    if (!claimed) return null;
    await writeLine(tx, { ...line, delayMs });
    return { id, line };
  });
}

export interface SettlementRow {
  id: string;
  carrier: string;
  account_id: string;
  network: string;
  price: string;
  currency: string;
  slug: string;
  mint: string;
  needs_attention?: boolean;
}

/** The line that has the relay start this payment's carrier; settlements go first. */
export function settlementLine(pace: Pace, row: SettlementRow): NewLine & { priority: 1 } {
  return {
    kind: 'start',
    workflowType: 'settlePayment',
    workflowId: row.carrier,
    input: {
      payment_id: row.id,
      network: row.network,
      amount_atomic: row.price,
      currency: row.currency,
      link: row.slug,
      pace,
    },
    search: {
      AccountId: row.account_id,
      AgentMint: row.mint,
      PaymentId: row.id,
      FlowStatus: 'pending',
      Asset: row.currency,
      NeedsAttention: row.needs_attention ?? false,
      ...(BigInt(row.price) <= BigInt(Number.MAX_SAFE_INTEGER) ? { AmountAtoms: Number(row.price) } : {}),
    },
    summary: `settle ${row.price} atoms of ${row.currency} on ${row.slug}`,
    accountId: row.account_id,
    priority: 1,
  };
}
