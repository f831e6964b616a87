import { sql } from 'kysely';
import type { Tx } from '#libs/db/database';
import { lockFunds, type Till } from '#libs/funds/line';
import { lockSponsor } from '#libs/funds/sponsor';
import type { Claim } from '#libs/funds/take';
import { watch } from '#libs/funds/watches';
import { assetOfMint, type Network } from '#libs/money/assets';
import { atoms } from '#libs/money/atoms';
import { writeEvent } from '#libs/outbox/write-event';
import type { Parts } from '#libs/parts';
import type { LegAtWork } from './take.ts';

/** What a leg takes from its treasury. */
export const claimOf = (leg: LegAtWork): Claim => ({
  treasuryId: leg.treasury_id,
  mint: leg.asset,
  refundId: leg.refund_id,
  legId: leg.leg_id,
  amount: BigInt(leg.net),
});

/**
 * Puts a refund in line for its treasury's money (once: it keeps its place) and has the treasury watched, in the transaction
 * in which it begins to wait, under its lock. The first in line has it told that the treasury is low; `balance` is what the
 * chain showed of it.
 */
export async function standInLine(
  tx: Tx,
  parts: Pick<Parts, 'ids' | 'pace'>,
  leg: LegAtWork,
  balance: bigint | null,
): Promise<void> {
  const till = claimOf(leg);
  const { taken } = await lockFunds(tx, till, null);
  const { rows } = await sql<{ fresh: boolean }>`
    insert into funds_queue (refund_id, treasury_id, mint, amount)
    values (${leg.refund_id}, ${till.treasuryId}, ${till.mint}, ${leg.net}::numeric)
    on conflict (refund_id) do update set treasury_id = excluded.treasury_id, mint = excluded.mint, amount = excluded.amount
    returning xmax = 0 as fresh`.execute(tx);
  const began = await watch(tx, parts.pace, { network: leg.network, till, accountId: leg.account_id }, rows[0]?.fresh === true);
  if (began) await tellLow(tx, parts, leg, till, { balance, taken });
}

/** Has the account that pays network fees watched for as long as anybody waits for its SOL. */
export async function standBySponsor(tx: Tx, parts: Pick<Parts, 'pace'>, leg: LegAtWork): Promise<void> {
  await lockSponsor(tx, leg.network);
  await watch(tx, parts.pace, { network: leg.network, till: null, accountId: leg.account_id }, false);
}

async function tellLow(
  tx: Tx,
  parts: Pick<Parts, 'ids'>,
  leg: LegAtWork,
  till: Till,
  seen: { balance: bigint | null; taken: bigint },
): Promise<void> {
  const network = leg.network as Network;
  const { mint: agent } = await tx
    .selectFrom('refunds')
    .innerJoin('agents', 'agents.id', 'refunds.agent_id')
    .select('agents.mint')
    .where('refunds.id', '=', leg.refund_id)
    .executeTakeFirstOrThrow();
  await writeEvent(tx, parts.ids, {
    kind: 'agent.treasury.low',
    network,
    accountId: leg.account_id,
    agent,
    actor: { type: 'workflow', id: leg.carrier },
    object: { type: 'treasury', id: till.treasuryId },
    related: { refund_id: leg.refund_id },
    amount: atoms(BigInt(leg.net)),
    asset: till.mint,
    data: {
      id: till.treasuryId,
      owner_agent: agent,
      token_account: leg.treasury_account,
      asset: till.mint,
      currency: assetOfMint(network, till.mint)?.currency ?? till.mint,
      on_chain_atomic: seen.balance?.toString() ?? null,
      in_flight_atomic: seen.taken.toString(),
      needed_atomic: leg.net,
      refund_id: leg.refund_id,
    },
  });
}
