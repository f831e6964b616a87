import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { sql } from 'kysely';
import { Agent, request } from 'undici';
import { settledPayment } from '#apps/api/testing/settled-payment';
import type { ApiUnderTest } from '#apps/api/testing/use-api';
import { mintKey } from '#apps/dev/ready-key';
import { startStack } from '#apps/dev/stack';
import { openDatabase } from '#libs/db/database';
import { quietSteps } from '#libs/steps/steps';

// How long accepting a refund takes, and how many a second one API process accepts, over a real PostgreSQL with fsync:
//   node dist/test/bench/refund-accept.js --requests 2000 --callers 32
// Each refund is of a payment of its own; the last run has all callers at one payment, where they wait for its lock.
// Prints one line of JSON. No time is asserted: the callers share the machine's cores with what they measure.
const { values } = parseArgs({
  options: { requests: { type: 'string', default: '2000' }, callers: { type: 'string', default: '32' } },
});
const [requests, callers] = [Number(values.requests), Number(values.callers)];
const WARM_UP = 300;

const stack = await startStack({ parts: ['postgres', 'api'], given: {}, env: { EBB_LOG_LEVEL: 'warn' } });
const db = openDatabase(stack.urls.database, { max: 2, steps: quietSteps });
const key = await mintKey(stack, 'bench');
const agent = new Agent({ connections: callers, pipelining: 1 });

async function post(path: string, body: unknown) {
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json', 'idempotency-key': randomUUID() };
  const options = { dispatcher: agent, method: 'POST', headers, body: JSON.stringify(body) } as const;
  const answer = await request(`${stack.urls.api}${path}`, options);
  const text = await answer.body.text();
  return { status: answer.statusCode, headers: {}, text, body: JSON.parse(text) };
}

const ask: ApiUnderTest['ask'] = (_method, url, asked) => post(url, asked?.body);
const model = await settledPayment({ ask, db, key }, 1_000_000n);
const total = WARM_UP + 2 * requests;

/** Copies of the model payment, books included: settled ones, as many as there will be refunds. */
await db.tx('cli.key.mint', async tx => {
  const id = sql`'pay_bench_' || n`;
  const each = sql`generate_series(1, ${total}::int) n`;
  await sql`insert into ledger_accounts (id, code, asset)
    select 'payment:' || ${id}, a.code, a.asset from ledger_accounts a, ${each} where a.id = ${`payment:${model.id}`}`.execute(
    tx,
  );
  await sql`insert into ledger_transfers (id, kind, network, asset, amount, debit_account, debit_code, credit_account, credit_code,
      occurred_at, booked_on, source_type, source_id)
    select 'settle:' || ${id}, t.kind, t.network, t.asset, t.amount, t.debit_account, t.debit_code, 'payment:' || ${id}, t.credit_code,
      t.occurred_at, t.booked_on, t.source_type, ${id}
    from ledger_transfers t, ${each} where t.id = ${`settle:${model.id}`}`.execute(tx);
  await sql`insert into payments
    select (jsonb_populate_record(null::payments, to_jsonb(p) || jsonb_build_object('id', ${id}, 'tx_sig', 'signature ' || n,
      'receipt_hash', encode(sha256(${id}::bytea), 'hex'), 'message_hash', sha256(${id}::bytea), 'carrier', 'settlement:' || ${id}))).*
    from payments p, ${each} where p.id = ${model.id}`.execute(tx);
});
await sql`analyze`.execute(db.read);

let next = 0;
async function refundOne(paymentId = `pay_bench_${++next}`): Promise<number> {
  const began = performance.now();
  const answer = await post('/v1/payments/refund', { payment_id: paymentId, amount_atomic: '10' });
  if (answer.status !== 201) throw new Error(`${answer.status}: ${answer.text}`);
  return performance.now() - began;
}

async function run(name: string, count: number, at: number, paymentId?: string) {
  const times: number[] = [];
  let left = count;
  const before = await spent();
  const began = performance.now();
  await Promise.all(
    Array.from({ length: at }, async () => {
      while (left-- > 0) times.push(await refundOne(paymentId));
    }),
  );
  const seconds = (performance.now() - began) / 1_000;
  const after = await spent();
  // Connections come and go: what one used before it was opened is nothing.
  const postgres_ms = [...after.postgres_ms].reduce((sum, [pid, ms]) => sum + ms - (before.postgres_ms.get(pid) ?? 0), 0);
  times.sort((a, b) => a - b);
  const quantile = (q: number) => round(times[Math.min(times.length - 1, Math.floor(times.length * q))] ?? 0);
  return {
    name,
    callers: at,
    p50_ms: quantile(0.5),
    p99_ms: quantile(0.99),
    per_second: Math.round(count / seconds),
    api_cpu_ms: round((after.api_ms - before.api_ms) / count),
    postgres_cpu_ms: round(postgres_ms / count),
  };
}

/** Processor time used so far: the one measure that other work on the machine does not spoil. */
async function spent(): Promise<{ api_ms: number; postgres_ms: Map<number, number> }> {
  const { rows } = await sql<{ pid: number }>`select pid from pg_stat_activity`.execute(db.read);
  return { api_ms: cpu_ms(stack.part('api').pid), postgres_ms: new Map(rows.map(({ pid }) => [pid, cpu_ms(pid)])) };
}

/** User and system time of a process, from /proc: in hundredths of a second. 0 for one that has ended. */
function cpu_ms(pid: number): number {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
    return (Number(fields[11]) + Number(fields[12])) * 10;
  } catch {
    return 0;
  }
}

function round(value: number): number {
  return Number(value.toFixed(2));
}

await run('warm up', WARM_UP, 8);
const runs = [
  await run('one caller', Math.ceil(requests / 4), 1),
  await run('many callers', requests, callers),
  await run('many callers, one payment', Math.ceil(requests / 4), callers, model.id),
];
const { rows } = await sql<{
  fsync: string;
  sync: string;
}>`select current_setting('fsync') as fsync, current_setting('synchronous_commit') as sync`.execute(db.read);
process.stdout.write(`${JSON.stringify({ runs, ...rows[0] })}\n`);
await agent.close();
await db.close();
await stack.stop();
