import { createHash } from 'node:crypto';
import { sql } from 'kysely';
import { beforeAll } from 'vitest';
import { USDC } from '#test/support/books';
import { type Settled, settledPayment } from '../settled-payment.ts';
import { type ApiUnderTest, useApi } from '../use-api.ts';

/** One account's things: a payment that is settled and its link, agent, receipt and a refund. */
export interface Things extends Settled {
  refund: string;
}

/** Two accounts with the same kinds of things; the first one calls. */
export interface World {
  under: ApiUnderTest;
  readonly mine: Things;
  readonly theirs: Things;
  /** A digest of every row of every table but the log of requests. */
  books(): Promise<string>;
}

export function useWorld(): World {
  const unasked = {
    ask: () => Promise.reject(new Error('no chain here')),
    askAll: () => Promise.reject(new Error('no chain here')),
    askEach: () => Promise.reject(new Error('no chain here')),
  };
  const under = useApi(
    {},
    {
      chains: new Map([
        ['solana-devnet', { network: 'solana-devnet', providers: 1, ...unasked }],
        ['solana-mainnet', { network: 'solana-mainnet', providers: 1, ...unasked }],
      ]),
    },
  );
  let mine: Things | undefined;
  let theirs: Things | undefined;
  beforeAll(async () => {
    mine = await thingsOf(under, under.key);
    theirs = await thingsOf(under, await under.mint({ account: 'someone else' }));
  });
  const there = (things: Things | undefined): Things => {
    if (things === undefined) throw new Error('the world is there once the tests run');
    return things;
  };
  return {
    under,
    get mine() {
      return there(mine);
    },
    get theirs() {
      return there(theirs);
    },
    books: () => booksOf(under),
  };
}

async function thingsOf(under: ApiUnderTest, key: string): Promise<Things> {
  const settled = await settledPayment(under, 100_000n, key);
  const body = { payment_id: settled.id, amount_atomic: '1000', external_id: 'first' };
  const refund = await under.ask('POST', '/v1/refunds', { key, body });
  if (refund.status !== 201) throw new Error(refund.text);
  const { account_id, agent_id } = await under.db.read
    .selectFrom('payments')
    .select(['account_id', 'agent_id'])
    .where('id', '=', settled.id)
    .executeTakeFirstOrThrow();
  const row = { agent_id, account_id, network: USDC.network, nonce: 0, kind: 'earn', hash: settled.receiptHash };
  await under.db.read
    .insertInto('receipts')
    .values({ ...row, body: JSON.stringify(receiptOf(settled)) })
    .execute();
  return { ...settled, refund: refund.body.id };
}

/** As settlements write it, but for its hash: nobody verifies this chain. */
const receiptOf = ({ mint, txSig, receiptHash }: Settled) => ({
  v: '0.1',
  kind: 'earn',
  agent: mint,
  nonce: 0,
  ts: '2026-11-01T10:00:00.000Z',
  policy_v: '0.1',
  request: { method: 'GET', url: 'http://x.test', body_hash: null },
  decision: 'allow',
  reason: null,
  price: { amount: '100000', currency: 'USDC', network: USDC.network, asset: USDC.mint },
  facilitator: null,
  tx_sig: txSig,
  payment_requirements_hash: 'a'.repeat(64),
  response: { status: 200, body_hash: `sha256:${'b'.repeat(64)}` },
  prev_receipt_hash: null,
  receipt_hash: receiptHash,
});

/** A digest of every row of every table but the log of requests and those left out: equal when nothing was written. */
export async function booksOf(under: ApiUnderTest, without: readonly string[] = []): Promise<string> {
  const { rows } = await sql<{ name: string }>`
    select c.relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = 'public' and c.relkind in ('r', 'p') and not c.relispartition and c.relname <> 'api_requests'
    order by 1`.execute(under.db.read);
  const digest = createHash('sha256');
  for (const { name } of rows.filter(row => !without.includes(row.name))) {
    const { rows: held } = await sql<{ n: string; sum: string | null }>`
      select count(*)::text as n, md5(string_agg(md5(t::text), '' order by t::text)) as sum from ${sql.table(name)} t`.execute(
      under.db.read,
    );
    digest.update(`${name} ${held[0]?.n} ${held[0]?.sum}\n`);
  }
  return digest.digest('hex');
}
