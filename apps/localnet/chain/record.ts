import type { TransactionError } from './errors.ts';

/** A token balance as getTransaction tells it; amounts in atoms, as decimal strings. */
export type TokenBalance = {
  accountIndex: number;
  mint: string;
  owner: string;
  programId: string;
  amount: string;
  decimals: number;
};

export type InnerInstructions = {
  index: number;
  instructions: { programIdIndex: number; accounts: number[]; data: string; stackHeight: number }[];
};

/** What executing (or simulating) a transaction did. Lamports as decimal strings: they may pass 2^53. */
export type Effects = {
  err: TransactionError | null;
  fee: number;
  logs: string[];
  units: number;
  preBalances: string[];
  postBalances: string[];
  preTokenBalances: TokenBalance[];
  postTokenBalances: TokenBalance[];
  inner: InnerInstructions[];
  loaded: { writable: string[]; readonly: string[] };
  returnData: { programId: string; data: [string, 'base64'] } | null;
  loadedDataSize: number;
  costUnits: number;
};

/** A landed transaction, as it stands in the store. `time` in seconds since 1970. */
export type Landed = { signature: string; slot: number; time: number; memo: string | null } & Effects;
