import { setTimeout as sleep } from 'node:timers/promises';
import { BUYER_FUNDS } from './buyers.ts';
import { readTreasuries, type Watchman } from './moment.ts';
import { admin } from './readers.ts';
import { must, Violation } from './violation.ts';
import type { World } from './world.ts';

/** Nothing new is asked, nothing fails any more: then all that was promised is done within this time. */
const REST_WITHIN_MS = 120_000;

const OPEN = `
  select 'refund ' || id || ' is ' || status || ', waiting: ' || coalesce(waiting ->> 'reason', 'nothing') as what from refunds
    where status not in ('succeeded', 'partially_succeeded', 'failed', 'canceled')
  union all select 'payment ' || id || ' is pending, waiting: ' || coalesce(waiting ->> 'reason', 'nothing') from payments where status = 'pending'
  union all select 'leg ' || id || ' is ' || status from legs where status not in ('posted', 'voided')
  union all select 'attempt ' || id || ' is live' from attempts where outcome = 'live'
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
  await judgeRows(world);
  await judgeBuyers(world);
  await judgeTreasuries(world);
  await judgeMemos(world);
  await judgeReceipts(world, watchman);
  await judgeEvents(world);
}

/** Every payment and refund in the books is one that somebody knows of, and ended as it had to. */
async function judgeRows(world: World): Promise<void> {
  const payments = await world.books.rows<{ id: string; refunded: string }>(
    `select p.id, a.debits_posted::text as refunded from payments p join ledger_accounts a on a.id = 'payment:' || p.id where p.status <> 'failed'`,
  );
  const known = new Map(world.payments.map(one => [one.id, one]));
  must(payments.length === known.size, () => `I3: ${payments.length} payments moved money, their buyers know of ${known.size}`);
  for (const { id, refunded } of payments) {
    const given = known.get(id)?.sums.given;
    must(refunded === String(given), () => `${id} has given back ${refunded}, ${given} was accepted`);
  }
  const refunds = await world.books.rows<{ id: string; status: string; amount: string }>(
    'select id, status, amount::text from refunds',
  );
  must(refunds.length === world.refunds.size, () => `${refunds.length} refunds, ${world.refunds.size} were accepted`);
  for (const { id, status, amount } of refunds) {
    const refund = world.refunds.get(id);
    const right = status === (refund?.unmoved ?? 'succeeded') && amount === String(refund?.amount);
    must(right, () => `${id} is ${status} of ${amount}, accepted was ${refund?.amount}, ${refund?.unmoved ?? 'to be paid'}`);
  }
}

/** What the chain says each buyer holds is what they had, less what they paid, and what they got back. */
async function judgeBuyers(world: World): Promise<void> {
  for (const buyer of world.buyers) {
    const paid = world.payments.filter(one => one.order.buyer === buyer).map(one => one.sums.captured);
    const got = [...world.refunds.values()].filter(one => one.to === buyer && one.unmoved === null).map(one => one.amount);
    const due = BUYER_FUNDS - total(paid) + total(got);
    const holds = await world.chain.balance(buyer.tokenAccount);
    must(holds === due, () => `I2, I3: buyer ${buyer.address} holds ${holds}, it should be ${due}`);
  }
}

const total = (amounts: readonly bigint[]): bigint => amounts.reduce((sum, one) => sum + one, 0n);

async function judgeTreasuries(world: World): Promise<void> {
  for (const { account, came, went } of await readTreasuries(world)) {
    const theirs = world.payments.filter(one => one.order.link.tokenAccount === account);
    const due = theirs.reduce((sum, one) => sum + one.sums.captured - one.sums.given, 0n);
    const holds = await world.chain.balance(account);
    must(
      holds === came - went && holds === due,
      () => `I4: treasury ${account} holds ${holds}, books ${came - went}, sums ${due}`,
    );
  }
}

/** I2 as a stranger sees it: each refund is on the chain once, by its memo; a canceled or failed one never. */
async function judgeMemos(world: World): Promise<void> {
  const counts = new Map<string, number>();
  for (const account of new Set(world.links.map(link => link.tokenAccount))) {
    for (const memo of await world.chain.memos(account)) {
      const id = /ebb:refund:([^:]+):/.exec(memo)?.[1];
      if (id) counts.set(id, (counts.get(id) ?? 0) + 1);
    }
  }
  for (const refund of world.refunds.values()) {
    const landed = counts.get(refund.id) ?? 0;
    must(landed === (refund.unmoved ? 0 : 1), () => `I2: ${refund.id} landed ${landed} times, ${refund.unmoved ?? 'to be paid'}`);
    counts.delete(refund.id);
  }
  must(counts.size === 0, () => `I2: refunds on the chain that nobody asked for: ${[...counts.keys()]}`);
}

async function judgeReceipts(world: World, watchman: Watchman): Promise<void> {
  watchman.step();
  await watchman.idle();
  const chains = [...watchman.chains.values()];
  const earned = chains.reduce((sum, one) => sum + one.earned, 0);
  const given = chains.reduce((sum, one) => sum + one.given, 0n);
  const due = world.payments.reduce((sum, one) => sum + one.sums.given, 0n);
  must(earned === world.payments.length, () => `I5: ${earned} earn receipts of ${world.payments.length} payments`);
  must(given === due, () => `I5: the receipts say ${given} was given back, it was ${due}`);
}

/** I6: numbered without a gap per object, and each end told once. */
async function judgeEvents(world: World): Promise<void> {
  const found = await world.books.rows<{ fault: string }>(`
    select 'I6: the events of ' || object_id || ' have a gap' as fault from events
      group by object_id having max(sequence) - min(sequence) + 1 <> count(*)
    union all
    select 'I6: ' || r.id || ' is ' || r.status || ', told ' || count(e.id) || ' times' from refunds r
      left join events e on e.object_id = r.id and e.kind = 'refund.' || r.status group by r.id having count(e.id) <> 1
    union all
    select 'I6: ' || p.id || ' settled, told ' || count(e.id) || ' times' from payments p
      left join events e on e.object_id = p.id and e.kind = 'payment.settled' where p.status <> 'failed'
      group by p.id having count(e.id) <> 1`);
  must(found.length === 0, () => found.map(one => one.fault).join('; '));
}
