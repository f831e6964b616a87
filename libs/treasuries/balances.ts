import type { Address } from '@solana/kit';
import { sql } from 'kysely';
import { getAgent } from '#libs/accounts/agents';
import type { Caller } from '#libs/accounts/find-caller';
import { ChainUnavailable } from '#libs/chain/chain';
import { readTokenAccount } from '#libs/chain/token-account';
import type { Reader } from '#libs/db/database';
import { assetOfMint } from '#libs/money/assets';
import { chainOf, type Parts } from '#libs/parts';
import { refuse } from '#libs/problems/refusal';

/** What an agent's treasury holds and owes, per asset; amounts in atoms as text. */
export interface TreasuryBalances {
  owner_agent: string;
  network: string;
  treasury_id: string;
  /** The slot the chain was read at, confirmed. */
  slot: string;
  balances: {
    currency: string;
    asset: string;
    token_account: string;
    on_chain_atomic: string;
    in_flight_atomic: string;
    reserved_atomic: string;
    available_atomic: string;
    short_atomic: string;
  }[];
}

/**
 * On chain, in flight (signed for refunds, and not in that balance yet), reserved (promised, and not signed), and what is
 * free of both; where it does not suffice for both, by how much. Refuses `agent_not_found`, and `chain_unavailable` where no
 * RPC answers.
 */
export async function treasuryBalances(
  parts: Pick<Parts, 'db' | 'chains'>,
  { accountId, network }: Pick<Caller, 'accountId' | 'network'>,
  mint: string,
): Promise<TreasuryBalances> {
  const agent = await getAgent(parts.db.read, { accountId, network, mint });
  if (!agent) return refuse('agent_not_found');
  const { id, accounts } = agent.treasury;
  const { context, value } = await look(
    parts,
    network,
    accounts.map(one => one.tokenAccount),
  );
  const slot = BigInt(context.slot);
  const owed = await owedBy(parts.db.read, id, slot);
  const balances = accounts.map((account, at) => {
    const held = readTokenAccount(value[at])?.amount ?? 0n;
    const { in_flight = '0', reserved = '0' } = owed.get(account.mint) ?? {};
    const free = held - BigInt(in_flight) - BigInt(reserved);
    return {
      currency: assetOfMint(network, account.mint)?.currency ?? account.mint,
      asset: account.mint,
      token_account: account.tokenAccount,
      on_chain_atomic: held.toString(),
      in_flight_atomic: in_flight,
      reserved_atomic: reserved,
      available_atomic: (free > 0n ? free : 0n).toString(),
      short_atomic: (free < 0n ? -free : 0n).toString(),
    };
  });
  return { owner_agent: mint, network, treasury_id: id, slot: slot.toString(), balances };
}

async function look(parts: Pick<Parts, 'chains'>, network: Caller['network'], accounts: readonly Address[]) {
  try {
    return await chainOf(parts, network).ask('api.treasury.balances', rpc =>
      rpc.getMultipleAccounts(accounts, { encoding: 'base64', commitment: 'confirmed' }),
    );
  } catch (error) {
    if (error instanceof ChainUnavailable) return refuse('chain_unavailable');
    throw error;
  }
}

/** What a treasury's refunds will still take from it, by mint. */
async function owedBy(reader: Reader, treasuryId: string, slot: bigint) {
  const { rows } = await sql<{ mint: string; in_flight: string; reserved: string }>`
    select ta.mint, taken_funds(ta.treasury_id, ta.mint, ${String(slot)}::bigint, '')::text as in_flight,
      coalesce((select sum(l.amount - l.fee) from refunds r join legs l on l.refund_id = r.id and l.status = 'reserved'
        where r.treasury_id = ta.treasury_id and r.asset = ta.mint
          and r.status not in ('succeeded', 'partially_succeeded', 'failed', 'canceled')), 0)::text as reserved
    from treasury_accounts ta where ta.treasury_id = ${treasuryId}`.execute(reader);
  return new Map(rows.map(row => [row.mint, row]));
}
