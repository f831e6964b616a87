import { DatabaseSync, type StatementSync } from 'node:sqlite';
import type { RawAccount } from './account.ts';
import { addressBytes, addressText } from './base58.ts';
import { readHolding } from './holding.ts';
import type { Landed } from './record.ts';

const SCHEMA = `
  create table if not exists meta (key text primary key, value text not null) without rowid;
  create table if not exists account (
    address blob primary key, lamports integer not null, data blob not null, owner blob not null,
    executable integer not null, rent_epoch text not null, token_owner blob, token_mint blob) without rowid;
  create index if not exists account_by_token_owner on account (token_owner) where token_owner is not null;
  create table if not exists tx (
    id integer primary key, signature text not null unique, slot integer not null, message_hash blob not null,
    wire blob not null, record text not null);
  create index if not exists tx_by_slot on tx (slot);
  create table if not exists block_time (slot integer primary key, time integer not null);
  create table if not exists tx_account (address blob not null, tx_id integer not null, primary key (address, tx_id)) without rowid;
`;

/** One write of the chain: what a transaction (or an act of the admin) changed, and the transaction itself. */
export type Change = {
  accounts: Map<string, RawAccount | null>;
  tx?: { record: Landed; wire: Uint8Array; messageHash: Uint8Array; keys: string[] };
};

export type StoredTransaction = { id: number; record: Landed; wire: Uint8Array };

/**
 * The chain on disk. A change and its record are in one SQLite transaction, so that a process killed at any line leaves
 * either both or neither. What comes in together is written together: nobody may be told of anything before `settled()`.
 * Without a file SQLite keeps a temporary one, so that history never fills the heap.
 */
export class Store {
  readonly #db: DatabaseSync;
  readonly #sql: ReturnType<typeof statements>;
  #group: Promise<void> | null = null;

  constructor(file: string | null) {
    this.#db = new DatabaseSync(file ?? '');
    // Survives the death of the process, which is what the localnet promises; a power cut may lose the last moments.
    this.#db.exec(`pragma journal_mode = ${file ? 'wal' : 'memory'}`);
    this.#db.exec('pragma synchronous = off; pragma cache_size = -32000; pragma locking_mode = exclusive');
    this.#db.exec(SCHEMA);
    this.#sql = statements(this.#db);
  }

  meta(key: string): string | undefined {
    const row = this.#sql.getMeta.get(key);
    return row ? String(row.value) : undefined;
  }

  setMeta(key: string, value: string): void {
    this.#write(() => this.#sql.setMeta.run(key, value));
  }

  /** Every account that was ever written and still exists. */
  *accounts(): Iterable<[string, RawAccount]> {
    for (const row of this.#sql.allAccounts.iterate()) {
      yield [
        addressText(blob(row.address)),
        {
          lamports: BigInt(row.lamports as bigint),
          data: blob(row.data),
          owner: addressText(blob(row.owner)),
          executable: Boolean(row.executable),
          rentEpoch: BigInt(String(row.rent_epoch)),
        },
      ];
    }
  }

  save(change: Change): void {
    this.#write(() => {
      for (const [address, account] of change.accounts) this.#saveAccount(address, account);
      if (change.tx) this.#saveTransaction(change.tx);
    });
  }

  /** When everything written so far is on disk. */
  async settled(): Promise<void> {
    await this.#group;
  }

  /** Writes into the group that is open, or opens one, which is committed when this turn of the event loop is over. */
  #write(run: () => void): void {
    if (this.#group === null) {
      this.#sql.begin.run();
      this.#group = new Promise(resolve => setImmediate(() => resolve(this.#commit())));
    }
    try {
      run();
    } catch (error) {
      // The VM has gone on and the disk has not: nothing after this could be true. A defect; the process ends.
      process.stderr.write(`localnet: cannot write: ${error instanceof Error ? error.stack : String(error)}\n`);
      process.abort();
    }
  }

  #commit(): void {
    if (this.#group === null) return;
    this.#group = null;
    this.#sql.commit.run();
  }

  #saveAccount(address: string, account: RawAccount | null): void {
    const key = addressBytes(address);
    if (account === null) return void this.#sql.deleteAccount.run(key);
    const holding = readHolding(account);
    this.#sql.putAccount.run(
      key, account.lamports, account.data, addressBytes(account.owner), account.executable ? 1 : 0, String(account.rentEpoch),
      holding ? addressBytes(holding.owner) : null, holding ? addressBytes(holding.mint) : null,
    ); // biome-ignore format: one row
  }

  #saveTransaction({ record, wire, messageHash, keys }: NonNullable<Change['tx']>): void {
    const { lastInsertRowid } = this.#sql.putTx.run(record.signature, record.slot, messageHash, wire, JSON.stringify(record));
    this.#sql.noteTime.run(record.slot, record.time);
    for (const key of new Set(keys)) this.#sql.putTxAccount.run(addressBytes(key), lastInsertRowid);
  }

  transaction(signature: string): StoredTransaction | undefined {
    return stored(this.#sql.txBySignature.get(signature));
  }

  /** Transactions that name the address, newest first, with ids strictly between the two bounds. */
  *transactionsOf(address: string, below: number, above: number): Iterable<StoredTransaction> {
    for (const row of this.#sql.txByAddress.iterate(addressBytes(address), below, above)) {
      const tx = stored(row);
      if (tx) yield tx;
    }
  }

  /** Hashes of the messages landed at or after a slot, with their slots: what must not land again. */
  *messagesSince(slot: number): Iterable<[Buffer, number]> {
    for (const row of this.#sql.messagesSince.iterate(slot)) yield [Buffer.from(blob(row.message_hash)), Number(row.slot)];
  }

  /** Token accounts whose owner field is the wallet, as of the last write. */
  tokenAccountsOf(owner: string): string[] {
    return this.#sql.tokenAccounts.all(addressBytes(owner)).map(row => addressText(blob(row.address)));
  }

  /** The time of the last noted block at or before a slot, in seconds since 1970. */
  timeBefore(slot: number): { slot: number; time: number } | undefined {
    const row = this.#sql.timeBefore.get(slot);
    return row && { slot: Number(row.slot), time: Number(row.time) };
  }

  noteTime(slot: number, time: number): void {
    this.#write(() => this.#sql.noteTime.run(slot, time));
  }

  /** Ids are given without gaps, so the last one is the count. */
  countTransactions(slot: number): number {
    return Number(this.#sql.countTx.get(slot)?.id ?? 0);
  }

  close(): void {
    this.#commit();
    this.#db.close();
  }
}

const blob = (value: unknown): Uint8Array => {
  if (value instanceof Uint8Array) return value;
  throw new Error('not a blob');
};

const stored = (row: Record<string, unknown> | undefined): StoredTransaction | undefined =>
  row && { id: Number(row.id), record: JSON.parse(String(row.record)) as Landed, wire: blob(row.wire) };

function statements(db: DatabaseSync) {
  const allAccounts: StatementSync = db.prepare('select * from account');
  allAccounts.setReadBigInts(true);
  return {
    allAccounts,
    begin: db.prepare('begin'),
    commit: db.prepare('commit'),
    getMeta: db.prepare('select value from meta where key = ?'),
    setMeta: db.prepare('insert into meta (key, value) values (?, ?) on conflict (key) do update set value = excluded.value'),
    deleteAccount: db.prepare('delete from account where address = ?'),
    putAccount: db.prepare('insert or replace into account values (?, ?, ?, ?, ?, ?, ?, ?)'),
    putTx: db.prepare('insert into tx (signature, slot, message_hash, wire, record) values (?, ?, ?, ?, ?)'),
    putTxAccount: db.prepare('insert into tx_account (address, tx_id) values (?, ?)'),
    txBySignature: db.prepare('select id, record, wire from tx where signature = ?'),
    txByAddress: db.prepare(
      'select t.id, t.record, t.wire from tx_account a join tx t on t.id = a.tx_id where a.address = ? and a.tx_id < ? and a.tx_id > ? order by a.tx_id desc',
    ),
    messagesSince: db.prepare('select message_hash, slot from tx where slot >= ?'),
    tokenAccounts: db.prepare('select address from account where token_owner = ?'),
    timeBefore: db.prepare('select slot, time from block_time where slot <= ? order by slot desc limit 1'),
    noteTime: db.prepare('insert or ignore into block_time (slot, time) values (?, ?)'),
    countTx: db.prepare('select id from tx where slot <= ? order by slot desc, id desc limit 1'),
  };
}
