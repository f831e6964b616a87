import { type Address, getBase58Encoder } from '@solana/kit';
import { type LoadedAddresses, mustDecode } from './decode.ts';

type Whole = number | bigint;

export interface CompiledInstruction {
  programIdIndex: number;
  accounts: readonly number[];
  /** Base58. */
  data: string;
  stackHeight?: Whole | null;
}

export interface TokenBalance {
  accountIndex: number;
  mint: string;
  owner?: string | undefined;
  uiTokenAmount: { amount: string };
}

/**
 * What Ebb reads of a `getTransaction` answer (encoding `base64` or `json`, `maxSupportedTransactionVersion: 0`). The
 * types of kit's answers and plain JSON both fit it.
 */
export interface TransactionAnswer {
  slot: Whole;
  blockTime?: Whole | null;
  meta: {
    err: unknown;
    fee: Whole;
    /** Lamports of each account, the fee payer's first. */
    preBalances?: readonly Whole[] | null;
    postBalances?: readonly Whole[] | null;
    innerInstructions?: readonly { index: Whole; instructions: readonly CompiledInstruction[] }[] | null;
    loadedAddresses?: LoadedAddresses | null;
    preTokenBalances?: readonly TokenBalance[] | null;
    postTokenBalances?: readonly TokenBalance[] | null;
  } | null;
  transaction:
    | readonly [string, 'base64']
    | {
        message: {
          accountKeys: readonly string[];
          header: { numRequiredSignatures: Whole };
          instructions: readonly CompiledInstruction[];
        };
      };
}

/** One instruction as it ran: its accounts resolved, with what invoked it. */
export interface ExecutedInstruction {
  program: Address | null;
  accounts: readonly (Address | null)[];
  data: Uint8Array;
  /** The top-level instruction it belongs to. */
  index: number;
  /** The program that called it: null at the top level, `unknown` where the node did not record the stack. */
  caller: Address | null | 'unknown';
}

export interface HeldBalance {
  account: Address;
  mint: string;
  owner: string | null;
  amount: bigint;
}

export interface ExecutedTransaction {
  signers: ReadonlySet<string>;
  /**
   * In the order of execution: each top-level instruction is followed by those it invoked. Null when the node recorded
   * no inner instructions: then nobody can say what moved.
   */
  instructions: readonly ExecutedInstruction[] | null;
  /** Token balances at the start and at the end; an account opened and closed meanwhile is in neither. */
  before: readonly HeldBalance[];
  after: readonly HeldBalance[];
}

/** Resolves a transaction that ran: addresses for indexes, who called whom. */
export function readExecuted(transaction: TransactionAnswer['transaction'], meta: Meta): ExecutedTransaction {
  const { accounts, signers, top } = 'message' in transaction ? fromJson(transaction, meta) : fromWire(transaction[0], meta);
  const balances = (held: readonly TokenBalance[] | null | undefined): HeldBalance[] =>
    (held ?? []).flatMap(({ accountIndex, mint, owner, uiTokenAmount }) => {
      const account = accounts[accountIndex];
      return account ? [{ account, mint, owner: owner ?? null, amount: BigInt(uiTokenAmount.amount) }] : [];
    });
  return {
    signers,
    instructions: meta.innerInstructions ? inOrder(top, meta.innerInstructions, accounts) : null,
    before: balances(meta.preTokenBalances),
    after: balances(meta.postTokenBalances),
  };
}

type Meta = NonNullable<TransactionAnswer['meta']>;
type Resolved = Pick<ExecutedInstruction, 'program' | 'accounts' | 'data'>;

function inOrder(
  top: readonly Resolved[],
  groups: NonNullable<Meta['innerInstructions']>,
  accounts: readonly (Address | null)[],
): ExecutedInstruction[] {
  const inner = new Map(groups.map(group => [Number(group.index), group.instructions]));
  return top.flatMap((outer, index) => {
    // running[h] is the program that runs at height h; the top level is height 1.
    const running: (Address | null)[] = [null, outer.program];
    const invoked = (inner.get(index) ?? []).map((one): ExecutedInstruction => {
      const resolved = resolve(one, accounts);
      if (one.stackHeight == null) return { ...resolved, index, caller: 'unknown' };
      const height = Number(one.stackHeight);
      running[height] = resolved.program;
      return { ...resolved, index, caller: running[height - 1] ?? 'unknown' };
    });
    return [{ ...outer, index, caller: null }, ...invoked];
  });
}

function resolve(
  { programIdIndex, accounts: places, data }: CompiledInstruction,
  accounts: readonly (Address | null)[],
): Resolved {
  return {
    program: accounts[programIdIndex] ?? null,
    accounts: places.map(place => accounts[place] ?? null),
    data: Uint8Array.from(getBase58Encoder().encode(data)),
  };
}

type Json = Extract<TransactionAnswer['transaction'], { message: unknown }>;

function fromWire(wire: string, meta: Meta) {
  const decoded = mustDecode(wire, meta.loadedAddresses ?? undefined);
  return { accounts: decoded.accounts, signers: new Set<string>(decoded.signers), top: decoded.instructions };
}

function fromJson({ message }: Json, { loadedAddresses }: Meta) {
  const accounts = [
    ...message.accountKeys,
    ...(loadedAddresses?.writable ?? []),
    ...(loadedAddresses?.readonly ?? []),
  ] as Address[];
  const top = message.instructions.map(one => resolve(one, accounts));
  return { accounts, signers: new Set<string>(accounts.slice(0, Number(message.header.numRequiredSignatures))), top };
}
