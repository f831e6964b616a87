import { USDC } from './buyers.ts';
import { type Receipt, ReceiptChain } from './receipts.ts';
import type { Trouble } from './trouble.ts';
import { must } from './violation.ts';
import type { World } from './world.ts';

/** What the books say of one treasury's token account, in atoms. */
export interface Books {
  account: string;
  /** Posted: what came, what went. */
  came: bigint;
  went: bigint;
  /** Held for refunds, and the prices of proofs whose outcome is open: what may have moved already. */
  reserved: bigint;
  coming: bigint;
  /** Posted and not final yet: nodes that forget what they have seen may not have it. */
  fleetingIn: bigint;
  fleetingOut: bigint;
}

/**
 * What holds at any moment, whatever is in flight: I1 by the counters and by the rows, I2 by the attempts, I4 by the
 * counters, and by the chain within what is in flight, I5 by the receipts. Looked at after every step; steps that end while
 * a look is under way share the next.
 */
export class Watchman {
  looks = 0;
  readonly chains = new Map<string, ReceiptChain>();
  readonly #world: World;
  readonly #trouble: Trouble;
  #due = false;
  #looking: Promise<void> | null = null;
  readonly #onFault: (error: unknown) => void;

  constructor(world: World, trouble: Trouble, onFault: (error: unknown) => void) {
    this.#world = world;
    this.#trouble = trouble;
    this.#onFault = onFault;
  }

  /** A step has ended: there will be a look that began after this moment. */
  step(): void {
    this.#due = true;
    this.#looking ??= this.#run();
  }

  /** Until no look is due. */
  async idle(): Promise<void> {
    while (this.#looking) await this.#looking;
  }

  async #run(): Promise<void> {
    try {
      while (this.#due) {
        this.#due = false;
        await this.#look();
        this.looks++;
      }
    } catch (error) {
      this.#onFault(error);
    } finally {
      this.#looking = null;
    }
  }

  async #look(): Promise<void> {
    this.#trouble.mustRun();
    await this.#balances();
    await this.#counters();
    await this.#receipts();
  }

  /** I4: on the chain is what is in the books, give or take what is in flight. */
  async #balances(): Promise<void> {
    const before = await readTreasuries(this.#world);
    const chain = await Promise.all(before.map(one => this.#world.chain.balance(one.account)));
    const after = await readTreasuries(this.#world);
    for (const [at, was] of before.entries()) {
      const is = after[at];
      const holds = chain[at];
      if (!is || holds === undefined) throw new Error('a treasury is gone');
      const [lost, kept] =
        this.#world.vanished > 0 ? [larger(was.fleetingIn, is.fleetingIn), larger(was.fleetingOut, is.fleetingOut)] : [0n, 0n];
      const least = was.came - is.went - is.reserved - lost;
      const most = is.came + is.coming - was.went + kept;
      must(
        holds >= least && holds <= most,
        () => `I4: treasury ${was.account} holds ${holds}, its books allow ${least}..${most}`,
      );
    }
  }

  async #counters(): Promise<void> {
    const found = await this.#world.books.rows<{ fault: string }>(`
      select 'I1: ledger account ' || id || ' is overdrawn' as fault from ledger_accounts
        where debits_pending + debits_posted > credits_posted
      union all
      select 'I1: payment ' || p.id || ' gives back more than it took' from payments p
        join refunds r on r.payment_id = p.id and r.status not in ('failed', 'canceled')
        group by p.id having sum(r.amount) > coalesce(p.captured, 0)
      union all
      select 'I2: leg ' || al.leg_id || ' has two attempts that are not dead' from attempt_legs al
        join attempts t on t.id = al.attempt_id where t.outcome <> 'dead' group by al.leg_id having count(*) > 1
      union all
      select 'I4: the counters of ' || a.id || ' are not the sum of its transfers' from ledger_accounts a
        left join (select debit_account as id, sum(amount) filter (where kind in ('single', 'post')) as posted,
            coalesce(sum(amount) filter (where kind = 'pending'), 0)
              - coalesce(sum(amount) filter (where kind in ('post', 'void')), 0) as held
          from ledger_transfers where debit_code = 'payment' group by 1) d on d.id = a.id
        where a.debits_posted <> coalesce(d.posted, 0) or a.debits_pending <> coalesce(d.held, 0)`);
    must(found.length === 0, () => found.map(one => one.fault).join('; '));
  }

  async #receipts(): Promise<void> {
    const rows = await this.#world.books.rows<{ agent_id: string; body: Receipt }>(
      `select r.agent_id, r.body from receipts r join (select * from unnest($1::text[], $2::bigint[])) seen (id, next)
         on seen.id = r.agent_id where r.nonce >= seen.next order by r.agent_id, r.nonce`,
      [this.#world.agents, this.#world.agents.map(id => this.#chainOf(id).next)],
    );
    for (const { agent_id, body } of rows) this.#chainOf(agent_id).add(body);
  }

  #chainOf(agent: string): ReceiptChain {
    const chain = this.chains.get(agent) ?? new ReceiptChain();
    this.chains.set(agent, chain);
    return chain;
  }
}

const larger = (a: bigint, b: bigint): bigint => (a > b ? a : b);

/** One snapshot of what the books say of every treasury. */
export async function readTreasuries(world: World): Promise<Books[]> {
  const rows = await world.books.rows<Record<keyof Books, string>>(
    `
    select ta.token_account as account,
      (select coalesce(sum(amount), 0) from ledger_transfers
        where debit_account = 'treasury:' || ta.treasury_id and asset = ta.mint and kind in ('single', 'post')) as came,
      (select coalesce(sum(amount), 0) from ledger_transfers
        where credit_account = 'treasury:' || ta.treasury_id and asset = ta.mint and kind in ('single', 'post')) as went,
      (select coalesce(sum(a.debits_pending), 0) from payments p join ledger_accounts a on a.id = 'payment:' || p.id
        where p.treasury_id = ta.treasury_id and p.asset = ta.mint) as reserved,
      (select coalesce(sum(price), 0) from payments p
        where p.treasury_id = ta.treasury_id and p.asset = ta.mint and p.status = 'pending') as coming,
      (select coalesce(sum(captured), 0) from payments p
        where p.treasury_id = ta.treasury_id and p.asset = ta.mint and p.captured is not null and p.finalized_at is null and p.status <> 'failed') as "fleetingIn",
      (select coalesce(sum(g.amount), 0) from legs g join refunds r on r.id = g.refund_id
        where r.treasury_id = ta.treasury_id and r.asset = ta.mint and g.receipt_hash is not null and g.finalized_at is null) as "fleetingOut"
    from treasury_accounts ta where ta.mint = $1 order by 1`,
    [USDC],
  );
  return rows.map(row => ({
    account: row.account,
    came: BigInt(row.came),
    went: BigInt(row.went),
    reserved: BigInt(row.reserved),
    coming: BigInt(row.coming),
    fleetingIn: BigInt(row.fleetingIn),
    fleetingOut: BigInt(row.fleetingOut),
  }));
}
