import { setTimeout as sleep } from 'node:timers/promises';
import { BUYER_FUNDS } from './buyers.ts';
import { readTreasuries, type Watchman } from './moment.ts';
import { admin } from './readers.ts';
import { must, Violation } from './violation.ts';
import type { Payment, Refund, World } from './world.ts';

/** Nothing new is asked, nothing fails any more: then all that was promised is done within this time. */
const REST_WITHIN_MS = 120_000;

const OPEN = `
  select 'refund ' || id || ' is ' || status || ', waiting: ' || coalesce(waiting ->> 'reason', 'nothing') as what from refunds
    where status not in ('succeeded', 'partially_succeeded', 'failed', 'canceled')
  union all select 'payment ' || id || ' is pending, waiting: ' || coalesce(waiting ->> 'reason', 'nothing') from payments where status = 'pending'
  union all select 'leg ' || id || ' is ' || status from legs where status not in ('posted', 'voided')
  union all select 'attempt ' || id || ' is live' from attempts where outcome = 'live'
  union all select 'payment ' || id || ' is not final' from payments where finalized_at is null and status not in ('pending', 'failed')
  union all select 'leg ' || id || ' is not final' from legs where finalized_at is null and status = 'posted'
  union all select 'the outbox holds ' || kind || ' ' || workflow_id from outbox
  union all select 'ledger account ' || id || ' holds ' || debits_pending from ledger_accounts where debits_pending + credits_pending > 0`;

/** What never landed is open until its blockhash has died; after this long the slots it takes pass at once. */
const EXPIRE_AFTER_MS = 4_000;
const LIFE_SLOTS = 400;

/** I7: waits until nothing is open. Returns how long that took. */
export async function comeToRest(world: World): Promise<number> {
  const began = performance.now();
  let expired = false;
  while (true) {
    const open = await world.books.rows<{ what: string }>(OPEN);
    const taken = performance.now() - began;
    if (open.length === 0) return Math.round(taken);
    if (taken > REST_WITHIN_MS) {
      const told = open.slice(0, 20).map(one => one.what);
      throw new Violation(`I7: after ${REST_WITHIN_MS} ms of peace ${open.length} are open: ${told.join('; ')}`);
    }
    if (taken > EXPIRE_AFTER_MS && !expired) {
      expired = true;
      await admin(world.stack.urls.localnetAdmin, '/jump', { slots: LIFE_SLOTS });
    }
    await sleep(100);
  }
}

/** At rest everything is exact: by the model's sums, the books, and the chain. */
export async function judgeRest(world: World, watchman: Watchman): Promise<void> {
  const landed = await readHistory(world);
  await judgePayments(world, landed.signatures);
  await judgeRefunds(world, landed.refunds);
  await judgeBuyers(world);
  await judgeTreasuries(world);
  await judgeReceipts(world, watchman);
  await judgeEvents(world);
}

interface Landed {
  signatures: Set<string>;
  /** By refund and leg, as the memo of a transfer has them: how often the chain has it. */
  refunds: Map<string, number>;
}

/** What a stranger sees who reads the chain. */
async function readHistory(world: World): Promise<Landed> {
  const landed: Landed = { signatures: new Set(), refunds: new Map() };
  for (const account of new Set(world.links.map(link => link.tokenAccount))) {
    for (const { signature, memo } of await world.chain.history(account)) {
      landed.signatures.add(signature);
      for (const [, leg = ''] of memo.matchAll(/ebb:refund:([^:]+:[0-9]+)/g)) {
        landed.refunds.set(leg, (landed.refunds.get(leg) ?? 0) + 1);
      }
    }
  }
  return landed;
}

/** Every payment in the books is one that its buyer knows of, and stands there just when it stands on the chain. */
async function judgePayments(world: World, landed: ReadonlySet<string>): Promise<void> {
  const rows = await world.books.rows<{ id: string; status: string; failure_code: string | null; refunded: string | null }>(
    `select p.id, p.status, p.failure_code, b.refunded::text from payments p left join payment_balances b on b.account = 'payment:' || p.id`,
  );
  const books = new Map(rows.map(row => [row.id, row]));
  for (const payment of world.payments) {
    const row = books.get(payment.id);
    payment.reversed = row?.status === 'failed' && row.failure_code === 'payment_reversed' && world.vanished > 0;
    must(payment.reversed || row?.status !== 'failed', () => `I3: ${payment.id} is ${row?.status}: ${row?.failure_code}`);
    must(landed.has(payment.signature) !== payment.reversed, () => `I3: ${payment.id} is ${row?.status}; the chain knows better`);
    const given = String(payment.sums.given);
    must(
      payment.reversed || row?.refunded === given,
      () => `${payment.id} has given back ${row?.refunded}, ${given} was accepted`,
    );
  }
  const standing = rows.filter(row => row.status !== 'failed').length;
  const known = world.payments.filter(one => !one.reversed).length;
  must(standing === known, () => `I3: ${standing} payments moved money, their buyers know of ${known}`);
}

interface LegRow {
  refund_id: string;
  leg: number;
  amount: string;
  fee: string;
  status: string;
  account: string;
}

/** I2: each refund ended as it had to, and its transfers are on the chain once where they moved, and else never. */
async function judgeRefunds(world: World, landed: ReadonlyMap<string, number>): Promise<void> {
  const rows = await world.books.rows<{ id: string; status: string; failure_code: string | null; amount: string }>(
    'select id, status, failure_code, amount::text from refunds',
  );
  const legs = Map.groupBy(
    await world.books.rows<LegRow>(
      `select l.refund_id, l.leg, l.amount::text, l.fee::text, l.status, coalesce(l.destination_account, r.destination_account) as account
       from legs l join refunds r on r.id = l.refund_id`,
    ),
    leg => leg.refund_id,
  );
  must(rows.length === world.refunds.size, () => `${rows.length} refunds, ${world.refunds.size} were accepted`);
  const due = new Map<string, number>();
  for (const row of rows) {
    const refund = world.refunds.get(row.id);
    if (!refund) throw new Violation(`nobody asked for ${row.id}`);
    const parts = legs.get(row.id) ?? [];
    refund.moved = parts
      .filter(leg => leg.status === 'posted')
      .map(({ amount, fee, account }) => ({ amount: BigInt(amount), fee: BigInt(fee), account }));
    refund.ended = row.status;
    judgeEnd(refund, row, parts);
    for (const { leg, status } of parts) due.set(`${row.id}:${leg}`, status === 'posted' ? 1 : 0);
  }
  for (const [memo, times] of due) {
    must((landed.get(memo) ?? 0) === times, () => `I2: ${memo} landed ${landed.get(memo) ?? 0} times, the books say ${times}`);
  }
  const strange = [...landed.keys()].filter(memo => !due.has(memo));
  must(strange.length === 0, () => `I2: refunds on the chain that nobody asked for: ${strange}`);
}

function judgeEnd(
  refund: Refund,
  { id, status, failure_code, amount }: { id: string; status: string; failure_code: string | null; amount: string },
  parts: readonly LegRow[],
): void {
  const moved = total(refund.moved.map(leg => leg.amount));
  const whom = parts.length === 1 ? [refund.to] : [...refund.whom];
  const right = refund.moved.every(leg => whom.some(one => one.tokenAccount === leg.account));
  must(right, () => `${id} went to ${refund.moved.map(leg => leg.account)}, not to ${whom.map(one => one.tokenAccount)}`);
  const whole = total(parts.map(leg => BigInt(leg.amount))) === refund.amount && amount === String(refund.amount);
  const fees = total(parts.map(leg => BigInt(leg.fee))) === refund.fee;
  const lost = refund.payment.reversed && failure_code === 'payment_reversed';
  const back = lost ? 'failed' : refund.unmoved;
  const end = moved === refund.amount ? 'succeeded' : moved > 0n ? 'partially_succeeded' : back;
  const allowed = back === null ? moved === refund.amount : lost || moved === refund.claim.kept;
  must(
    whole && fees && allowed && status === end,
    () => `${id} is ${status} of ${amount}, ${moved} moved; accepted was ${refund.amount}, ${refund.unmoved ?? 'to be paid'}`,
  );
}

const total = (amounts: readonly bigint[]): bigint => amounts.reduce((sum, one) => sum + one, 0n);
const standingOf = (world: World): Payment[] => world.payments.filter(one => !one.reversed);

/** What the chain says each buyer holds is what they had, less what they paid, and what they got back. */
async function judgeBuyers(world: World): Promise<void> {
  for (const buyer of world.buyers) {
    const gave = standingOf(world).filter(one => one.order.buyer === buyer);
    const got = [...world.refunds.values()].flatMap(one => one.moved).filter(leg => leg.account === buyer.tokenAccount);
    const due = BUYER_FUNDS - total(gave.map(one => one.sums.captured)) + total(got.map(leg => leg.amount - leg.fee));
    const holds = await world.chain.balance(buyer.tokenAccount);
    must(holds === due, () => `I2, I3: buyer ${buyer.address} holds ${holds}, it should be ${due}`);
  }
}

async function judgeTreasuries(world: World): Promise<void> {
  for (const { account, came, went } of await readTreasuries(world)) {
    const took = standingOf(world).filter(one => one.order.link.tokenAccount === account);
    const gave = [...world.refunds.values()].filter(one => one.payment.order.link.tokenAccount === account);
    const out = gave.flatMap(one => one.moved).map(leg => leg.amount - leg.fee);
    const due = total(took.map(one => one.sums.captured)) - total(out);
    const holds = await world.chain.balance(account);
    must(
      holds === came - went && holds === due,
      () => `I4: treasury ${account} holds ${holds}, books ${came - went}, sums ${due}`,
    );
  }
}

async function judgeReceipts(world: World, watchman: Watchman): Promise<void> {
  watchman.step();
  await watchman.idle();
  const chains = [...watchman.chains.values()];
  const earned = chains.reduce((sum, one) => sum + one.earned, 0);
  const given = chains.reduce((sum, one) => sum + one.given, 0n);
  const due = total([...world.refunds.values()].flatMap(one => one.moved).map(leg => leg.amount));
  const known = standingOf(world).length;
  must(earned === known, () => `I5: ${earned} earn receipts stand, of ${known} payments`);
  must(given === due, () => `I5: the receipts say ${given} was given back, it was ${due}`);
}

/** I6: numbered without a gap per object, and each end told once, and once more for every time it was taken back. */
async function judgeEvents(world: World): Promise<void> {
  const found = await world.books.rows<{ fault: string }>(`
    select 'I6: the events of ' || object_id || ' have a gap' as fault from events
      group by object_id having max(sequence) - min(sequence) + 1 <> count(*)
    union all
    select 'I6: ' || r.id || ' is ' || r.status || ', told ' || count(e.id) || ' times' from refunds r
      left join events e on e.object_id = r.id and e.kind = 'refund.' || r.status
      group by r.id having count(e.id) < 1 or count(e.id) > 1 + (
        select count(*) from events b where b.object_id = r.id and b.kind = 'refund.reopened')
    union all
    select 'I6: ' || p.id || ' settled, told ' || count(e.id) || ' times' from payments p
      left join events e on e.object_id = p.id and e.kind = 'payment.settled' where p.status <> 'failed'
      group by p.id having count(e.id) < 1 or count(e.id) > 1 + (
        select count(*) from events b where b.object_id = p.id and b.kind = 'payment.reopened')`);
  must(found.length === 0, () => found.map(one => one.fault).join('; '));
}
