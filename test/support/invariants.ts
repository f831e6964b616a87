import { type Address, createSolanaRpc } from '@solana/kit';
import pg from 'pg';
import type { Stack } from '#apps/dev/stack';
import { type Body, type Receipt } from '#libs/receipts/body';
import { verifyChain } from '#libs/receipts/verify';
import { TOLD, type Told, toldFaults } from './told.ts';

/**
 * What must hold at any moment, by SQL and by the chain alone: I1 (never over), I2 (a leg lands once), I4 (books balance,
 * and a treasury's balance is its ledger's), I5 (receipt chains verify), I6 (states change along their tables, and are told).
 * Returns what does not.
 */
export async function violations(stack: Stack): Promise<string[]> {
  const client = new pg.Client({ connectionString: stack.urls.database });
  await client.connect();
  try {
    const rows = async <T extends object>(sql: string): Promise<T[]> => (await client.query<T>(sql)).rows;
    const over = await rows<{ id: string }>(`
      select p.id from payments p left join refunds r on r.payment_id = p.id left join legs l on l.refund_id = r.id and l.status <> 'voided'
      where p.captured is not null group by p.id having coalesce(sum(l.amount), 0) > p.captured`);
    const unbalanced = await rows<{ id: string }>(`
      select id from ledger_accounts where debits_pending + debits_posted > credits_posted`);
    const twice = await rows<{ leg_id: string }>(`
      select al.leg_id from attempt_legs al join attempts t on t.id = al.attempt_id where t.outcome = 'landed' group by 1 having count(*) > 1`);
    const receipts = await rows<{ agent_id: string; body: Receipt }>(
      'select agent_id, body from receipts order by agent_id, nonce',
    );
    return [
      ...over.map(row => `I1: payment ${row.id} gives back more than it took`),
      ...unbalanced.map(row => `I1: ledger account ${row.id} is overdrawn`),
      ...twice.map(row => `I2: leg ${row.leg_id} has landed twice`),
      ...(await treasuryFaults(stack.urls.rpc, () => rows<TreasuryRow>(TREASURIES))),
      ...receiptFaults(receipts),
      ...toldFaults(await rows<Told>(TOLD)),
    ];
  } finally {
    await client.end();
  }
}

interface TreasuryRow {
  token_account: string;
  balance: string;
}

/** What the books say each treasury's account holds: payments, refunds, what was deposited and withdrawn. */
const TREASURIES = `
  select ta.token_account, coalesce(sum(case when t.debit_account = b.account then t.amount else -t.amount end), 0)::text as balance
  from treasury_accounts ta join treasuries y on y.id = ta.treasury_id
  cross join lateral (select case when y.kind = 'platform' then 'platform_treasury:' else 'treasury:' end || y.id as account) b
  left join ledger_transfers t on t.asset = ta.mint and t.kind in ('single', 'post') and b.account in (t.debit_account, t.credit_account)
  where ta.opened_at is not null group by 1`;

/** Deposits and withdrawals are booked when they are final and a scan has come by. */
const BOOKED_WITHIN_MS = 40_000;

/**
 * The ledger's balance of each treasury against the chain's: this is where a transfer that landed twice shows. What nobody
 * has announced has to be in the books too, soon; what is not there then is not there.
 */
async function treasuryFaults(rpcUrl: string, treasuries: () => Promise<TreasuryRow[]>): Promise<string[]> {
  const end = performance.now() + BOOKED_WITHIN_MS;
  while (true) {
    const faults = await differences(rpcUrl, await treasuries());
    if (faults.length === 0 || performance.now() > end) return faults;
    await new Promise(resolve => setTimeout(resolve, 250));
  }
}

async function differences(rpcUrl: string, treasuries: readonly TreasuryRow[]): Promise<string[]> {
  const rpc = createSolanaRpc(rpcUrl);
  const found = await Promise.all(
    treasuries.map(async ({ token_account, balance }) => {
      const { value } = await rpc.getTokenAccountBalance(token_account as Address, { commitment: 'confirmed' }).send();
      return value.amount === balance ? [] : [`I4: treasury ${token_account} holds ${value.amount}, its books say ${balance}`];
    }),
  );
  return found.flat();
}

function receiptFaults(rows: readonly { agent_id: string; body: Body }[]): string[] {
  const chains = Map.groupBy(rows, row => row.agent_id);
  return [...chains].flatMap(([agent, chain]) => {
    const verdict = verifyChain(chain.map(row => row.body));
    return verdict.ok ? [] : [`I5: receipts of ${agent} at ${verdict.nonce}: ${verdict.reason}`];
  });
}
