import internal from 'litesvm/dist/internal.js';
import { type RawAccount, readAccount, type Vm, writeAccount } from './account.ts';
import { Calendar } from './calendar.ts';
import type { TransactionError } from './errors.ts';
import { Forks, isSeen, type Phantom } from './forks.ts';
import { Heads, type Moment } from './heads.ts';
import { type MintKind, mintsOf, type Network } from './identity.ts';
import { Inbox } from './inbox.ts';
import { type Finish, hashOf, land, type Sent } from './landing.ts';
import { Past } from './past.ts';
import { installPrograms } from './programs.ts';
import { type Resolved, resolve } from './resolve.ts';
import { type SimulateOptions, type Simulation, simulate } from './simulate.ts';
import { MAX_PROCESSING_AGE, Slots } from './slots.ts';
import { identify, restore } from './startup.ts';
import { Store, type StoredTransaction } from './store.ts';
import { Ticker } from './ticker.ts';
import type { WireTransaction } from './wire.ts';

export type ChainOptions = {
  network: Network;
  /** Who may mint and freeze; null for whoever it was, or the public key of development. */
  mintAuthority: string | null;
  /** The SQLite file, or null for a chain that is forgotten at the end. */
  state: string | null;
  slotMs: number;
  instant: boolean;
  /** USDG without its extensions, as in recordings of a validator that was given a bare mint. */
  bareUsdg: boolean;
};

/** What is sent in the last sixteenth of a slot misses it. */
const LATE_PART = 16;
/** How far back a lagging node may look, beyond finality. */
export const MAX_LAG_SLOTS = 300;

/** The chain: one VM, its blocks, its history. Everything in it is synchronous, so that each act is one step. */
export class Chain {
  readonly options: ChainOptions;
  readonly vm: Vm;
  readonly slots: Slots;
  readonly heads: Heads;
  readonly past = new Past();
  readonly store: Store;
  readonly mints: MintKind[];
  readonly mintAuthority: string;
  readonly forks = new Forks();
  readonly calendar: Calendar;
  readonly #ticker: Ticker;
  readonly #inbox = new Inbox(tx => this.land(tx));
  readonly #landed = new Map<string, number>();

  constructor(options: ChainOptions) {
    this.options = options;
    this.store = new Store(options.state);
    this.mints = mintsOf(options.network);
    const { seed, skipped, open, mintAuthority } = identify(this.store, options);
    this.mintAuthority = mintAuthority;
    this.slots = new Slots(seed, skipped);
    this.heads = new Heads(this.slots, open, options.instant);
    this.calendar = new Calendar(this.store, options.slotMs);
    this.vm = new internal.LiteSvm();
    this.vm.setTransactionHistory(0n);
    this.vm.setBlockhashCheck(false);
    installPrograms(this.vm);
    restore(this);
    this.#setClock();
    this.#ticker = new Ticker(options.slotMs, { freeze: () => this.#freeze(), confirm: () => this.heads.confirm() });
  }

  start(): void {
    this.#ticker.start();
  }

  close(): void {
    this.#ticker.stop();
    this.store.close();
  }

  /** The state with everything in the open block. */
  now(): Moment {
    return { slot: this.heads.open, level: 'processed' };
  }

  /** The account as someone sees it who looks at this moment. */
  account(address: string, at: Moment): RawAccount | null {
    const fork = this.forks.account(address, at);
    if (fork && this.past.at(address, fork.slot - 1) === undefined) return fork.account;
    const older = at.slot < this.heads.open ? this.past.at(address, at.slot) : undefined;
    return older ? older.account : readAccount(this.vm, address);
  }

  /** A transaction as someone sees it who looks at this moment. */
  transaction(signature: string, at: Moment): StoredTransaction | undefined {
    const stored = this.store.transaction(signature);
    if (stored && stored.record.slot <= at.slot) return stored;
    const phantom = this.forks.transaction(signature);
    return phantom && isSeen(phantom, at) ? phantom.stored : undefined;
  }

  /** The transaction with its lookups resolved against the accounts of a moment. */
  resolve(tx: WireTransaction, at: Moment): Resolved | { error: TransactionError } {
    return resolve(tx, at.slot, address => this.account(address, at));
  }

  /** Whether the message has landed in a block up to the slot, recently enough to matter. */
  hasLanded(message: Uint8Array, slot: number): boolean {
    const at = this.#landed.get(hashOf(message).toString('latin1'));
    return at !== undefined && at <= slot;
  }

  /** Whether a transaction with this blockhash could land in the block after the slot; or, with another age, whether it is that young. */
  isBlockhashValid(blockhash: string, slot: number, age = MAX_PROCESSING_AGE): boolean {
    const height = this.slots.height(slot);
    const made = this.slots.heightOf(blockhash, height, age);
    return made !== undefined && made <= height && height - made <= age;
  }

  simulate(tx: WireTransaction, options: SimulateOptions): Simulation {
    return simulate(this, tx, options);
  }

  /** Takes a transaction as a node does: it lands soon, later after retries, or never, and the sender is told nothing. */
  submit(tx: WireTransaction, maxRetries: number): void {
    const late = !this.options.instant && this.#ticker.untilFreeze_ms() < this.options.slotMs / LATE_PART;
    this.#inbox.take(tx, { late, maxRetries, slot: this.heads.open });
  }

  /** Executes the transaction in the open block, or says why no block takes it. */
  land(tx: WireTransaction, finish?: Finish): Sent {
    return land(this, tx, finish);
  }

  /** Shows a transaction in a block that will be abandoned. */
  haunt(phantom: Phantom): void {
    this.forks.add(phantom);
  }

  noteLanded(messageHash: Buffer, slot: number): void {
    this.#landed.set(messageHash.toString('latin1'), slot);
  }

  /** Writes accounts into the VM, remembering what they were. The caller saves them. */
  write(accounts: Map<string, RawAccount | null>): void {
    for (const [address, account] of accounts) {
      this.past.remember(address, this.heads.open, readAccount(this.vm, address));
      writeAccount(this.vm, address, account);
    }
  }

  /** Changes accounts by decree, as no transaction could; kept like everything else. */
  decree(accounts: Map<string, RawAccount | null>): void {
    this.write(accounts);
    this.store.save({ accounts });
  }

  /** Lets slots pass at once: with blocks in them, or skipped, so that heights do not rise. */
  jump(slots: number, skipped = false): void {
    const from = this.heads.open;
    if (skipped) {
      this.slots.skip({ from: from + 1, to: from + slots });
      this.store.setMeta('skipped', JSON.stringify(this.slots.skipped));
      this.#open(from + slots + 1);
    } else {
      this.#open(from + slots);
    }
    this.heads.confirm();
    this.calendar.open(this.heads.open, true);
  }

  /** Makes the chain's clock run so many seconds ahead of this machine's, or behind. */
  setClockOffset(seconds: number): void {
    this.calendar.setOffset(seconds);
    this.#setClock();
  }

  #freeze(): void {
    this.#open(this.heads.open + 1);
  }

  /** The new open slot is on disk before anyone hears of it: a chain never goes back. */
  #open(slot: number): void {
    this.store.setMeta('open', String(slot));
    this.heads.openSlot(slot);
    this.#setClock();
    this.forks.open(slot);
    this.#inbox.open(slot);
    if (slot % 16 === 0) this.#forget();
  }

  #forget(): void {
    this.past.forget(this.heads.at('finalized') - MAX_LAG_SLOTS);
    const oldest = this.slots.slotAt(Math.max(0, this.slots.height(this.heads.open) - 2 * MAX_PROCESSING_AGE));
    for (const [hash, slot] of this.#landed) if (slot < oldest) this.#landed.delete(hash);
  }

  #setClock(): void {
    // Durable nonces come out of the newest blockhash: without a new one they would not advance.
    this.vm.expireBlockhash();
    this.calendar.open(this.heads.open);
    this.vm.setClock(new internal.Clock(BigInt(this.heads.open), 0n, 0n, 1n, BigInt(this.calendar.openTime_s)));
  }
}
