import { type Address, type Base64EncodedWireTransaction } from '@solana/kit';
import { getCreateAssociatedTokenIdempotentInstruction } from '@solana-program/token';
import { sql } from 'kysely';
import { agentView } from '#libs/accounts/agent-view';
import { getAgent } from '#libs/accounts/agents';
import { type Chain, ChainUnavailable } from '#libs/chain/chain';
import { feePayerBudgetOf } from '#libs/config/limits';
import { dueIn } from '#libs/db/due';
import type { Network } from '#libs/money/assets';
import { writeOutcome } from '#libs/outbox/outcome';
import { writeEvent } from '#libs/outbox/write-event';
import { chainOf, type Parts } from '#libs/parts';
import type { Run } from '#libs/states/outcomes';
import { silence_ms } from '#libs/states/pace';
import type { WaitReason } from '#libs/states/waiting';
import { signBytes } from '#libs/transfers/attempts';
import { compileUnsigned } from '#libs/transfers/build';
import { spendWithin } from '#libs/transfers/fee-payer-budget';
import { pause, type Watch } from '#libs/transfers/follow';

/** What a token account costs to keep, extensions of Token-2022 included, and what the transaction that opens it does; roughly. */
const RENT_LAMPORTS = 2_100_000n;
const FEE_LAMPORTS = 10_000n;

export type Opened = { kind: 'opened' } | { kind: 'waiting'; reason: WaitReason; since: string };

interface Wanted {
  mint: string;
  token_program: string;
  token_account: string;
}

/**
 * Opens a treasury's token accounts and notes that they are open. Safe to repeat and to land twice: the instruction
 * does nothing to an open account. No money of anyone's moves, only rent from our fee payer.
 */
export async function openTreasury(parts: Parts, treasuryId: string, run: Run, watch: Watch): Promise<Opened> {
  const treasury = await takeTreasury(parts, treasuryId, watch);
  if (treasury.accounts.length === 0) return { kind: 'opened' };
  if (!treasury.within) return { kind: 'waiting', reason: 'sponsor_short', since: parts.clock.now().toISOString() };
  const chain = chainOf(parts, treasury.network);
  const until = performance.now() + watch.pace.activity_ms;
  let sentAt = Number.NEGATIVE_INFINITY;
  let reason: WaitReason = 'awaiting_confirmation';
  while (true) {
    watch.beat();
    try {
      const closed = await stillClosed(chain, treasury.accounts);
      if (closed.length === 0) {
        await noteOpened(parts, treasuryId, treasury.network, run);
        return { kind: 'opened' };
      }
      if (performance.now() - sentAt >= watch.pace.resend_ms) {
        if (sentAt === Number.NEGATIVE_INFINITY) await noteBeginning(parts, chain, treasuryId);
        sentAt = performance.now();
        await send(parts, chain, treasury.owner, closed);
      }
    } catch (error) {
      if (!(error instanceof ChainUnavailable)) throw error;
      reason = 'rpc_unavailable';
    }
    if (watch.abort.aborted || performance.now() >= until)
      return { kind: 'waiting', reason, since: parts.clock.now().toISOString() };
    await pause(watch.pace.poll_ms, watch.abort);
  }
}

/** Pushes the due time on, and reads what is to be opened: nothing, where all of it is open. */
async function takeTreasury(
  parts: Parts,
  id: string,
  { pace, tries }: Watch,
): Promise<{ owner: string; network: Network; accounts: Wanted[]; within: boolean }> {
  return parts.db.tx('treasury.take', async tx => {
    const row = await tx
      .updateTable('treasuries')
      .set({ next_due_at: dueIn(silence_ms(pace, tries)) })
      .where('id', '=', id)
      .where('carrier', 'is not', null)
      .returning(['owner', 'network', 'account_id'])
      .executeTakeFirst();
    if (!row) return { owner: '', network: 'solana-devnet', accounts: [], within: true };
    const accounts = await tx
      .selectFrom('treasury_accounts')
      .select(['mint', 'token_program', 'token_account'])
      .where('treasury_id', '=', id)
      .where('opened_at', 'is', null)
      .execute();
    // Once per treasury: opening what is open costs nothing but a fee.
    const lamports = RENT_LAMPORTS * BigInt(accounts.length) + FEE_LAMPORTS;
    const spend = { id: `open:${id}`, accountId: row.account_id, network: row.network, lamports };
    const within = accounts.length === 0 || (await spendWithin(tx, feePayerBudgetOf(parts.config), spend));
    return { owner: row.owner, network: row.network as Network, accounts, within };
  });
}

/** Where the history of accounts begins that are not there yet: their scan has nothing to look for before it. */
async function noteBeginning(parts: Parts, chain: Chain, treasuryId: string): Promise<void> {
  const epoch = await chain.ask('treasury.look', rpc => rpc.getEpochInfo({ commitment: 'finalized' }));
  await parts.db.tx('treasury.take', tx =>
    tx
      .updateTable('treasury_accounts')
      .set({ scanned_slot: String(epoch.absoluteSlot), scanned_height: String(epoch.blockHeight) })
      .where('treasury_id', '=', treasuryId)
      .where('opened_at', 'is', null)
      .where('scanned_slot', 'is', null)
      .execute(),
  );
}

async function stillClosed(chain: Chain, accounts: readonly Wanted[]): Promise<Wanted[]> {
  const addresses = accounts.map(one => one.token_account as Address);
  const { value } = await chain.ask('treasury.look', rpc =>
    rpc.getMultipleAccounts(addresses, { encoding: 'base64', commitment: 'confirmed' }),
  );
  return accounts.filter((one, at) => value[at]?.owner !== one.token_program);
}

async function send(parts: Parts, chain: Chain, owner: string, accounts: readonly Wanted[]): Promise<void> {
  const latest = await chain.ask('treasury.look', rpc => rpc.getLatestBlockhash({ commitment: 'confirmed' }));
  const instructions = accounts.map(one =>
    getCreateAssociatedTokenIdempotentInstruction({
      payer: parts.feePayer,
      owner: owner as Address,
      mint: one.mint as Address,
      ata: one.token_account as Address,
      tokenProgram: one.token_program as Address,
    }),
  );
  const transaction = compileUnsigned(parts.feePayer.address, latest.value, instructions);
  const { wire } = await parts.steps('treasury.sign', () => signBytes(transaction, [parts.feePayer]));
  const encoded = wire.toString('base64') as Base64EncodedWireTransaction;
  await chain.ask('treasury.send', rpc =>
    rpc.sendTransaction(encoded, { encoding: 'base64', skipPreflight: true, maxRetries: 0n }),
  );
}

async function noteOpened(parts: Parts, treasuryId: string, network: Network, run: Run): Promise<void> {
  await parts.db.tx('treasury.opened', async tx => {
    const treasury = await tx
      .selectFrom('treasuries')
      .selectAll()
      .where('id', '=', treasuryId)
      .forUpdate()
      .executeTakeFirstOrThrow();
    if (treasury.carrier !== run.workflow_id) return;
    await tx
      .updateTable('treasury_accounts')
      .set({ opened_at: sql`now()` })
      .where('treasury_id', '=', treasuryId)
      .where('opened_at', 'is', null)
      .execute();
    await tx.updateTable('treasuries').set({ carrier: null, next_due_at: null }).where('id', '=', treasuryId).execute();
    const agent = await tx.selectFrom('agents').select('mint').where('treasury_id', '=', treasuryId).executeTakeFirst();
    const view = agent ? await getAgent(tx, { accountId: treasury.account_id, network, mint: agent.mint }) : null;
    await writeEvent(tx, parts.ids, {
      kind: 'agent.treasury.opened',
      network,
      accountId: treasury.account_id,
      agent: agent?.mint ?? null,
      actor: { type: 'workflow', id: run.workflow_id },
      object: { type: 'treasury', id: treasuryId },
      data: view ? agentView(view) : { id: treasuryId },
    });
    await writeOutcome(tx, run, 'openTreasury', 'opened', treasuryId);
  });
}
