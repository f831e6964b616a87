import {
  AccountRole,
  type Address,
  appendTransactionMessageInstructions,
  type Blockhash,
  compileTransaction,
  createTransactionMessage,
  getAddressDecoder,
  getBase58Decoder,
  getBase64EncodedWireTransaction,
  getCompiledTransactionMessageDecoder,
  type Instruction,
  setTransactionMessageFeePayer,
  setTransactionMessageLifetimeUsingBlockhash,
} from '@solana/kit';
import type { TransactionAnswer } from './executed.ts';
import { TOKEN_PROGRAM } from './programs.ts';

/** An address of its own for each name, the same in every run. */
export const named = (name: string): Address =>
  getAddressDecoder().decode(Uint8Array.from({ length: 32 }, (_, at) => name.charCodeAt(at % name.length) ^ (at * 7 + 1)));

export const BLOCKHASH = named('blockhash') as string as Blockhash;

/** For tests: an instruction from bare addresses. Who signs and who is written is said by a suffix: `s`, `w` or `sw`. */
export function instruction(
  program: Address,
  accounts: readonly (Address | [Address, 's' | 'w' | 'sw'])[],
  data: Uint8Array,
): Instruction {
  const roles = { s: AccountRole.READONLY_SIGNER, w: AccountRole.WRITABLE, sw: AccountRole.WRITABLE_SIGNER };
  return {
    programAddress: program,
    accounts: accounts.map(one =>
      typeof one === 'string' ? { address: one, role: AccountRole.READONLY } : { address: one[0], role: roles[one[1]] },
    ),
    data,
  };
}

export const u64 = (value: bigint): number[] => [...new Uint8Array(new BigUint64Array([value]).buffer)];

export const transferChecked = (
  from: { source: Address; authority: Address; signs?: boolean },
  to: { mint: Address; destination: Address },
  amount: bigint,
  program: Address = TOKEN_PROGRAM,
): Instruction =>
  instruction(
    program,
    [[from.source, 'w'], to.mint, [to.destination, 'w'], from.signs === false ? from.authority : [from.authority, 's']],
    Uint8Array.from([12, ...u64(amount), 6]),
  );

/** A wire transaction without signatures, base64. */
export function wireOf(feePayer: Address, instructions: readonly Instruction[], version: 0 | 'legacy' = 0): string {
  const message = appendTransactionMessageInstructions(
    instructions,
    setTransactionMessageLifetimeUsingBlockhash(
      { blockhash: BLOCKHASH, lastValidBlockHeight: 200n },
      setTransactionMessageFeePayer(feePayer, createTransactionMessage({ version: version as 0 })),
    ),
  );
  return getBase64EncodedWireTransaction(compileTransaction(message));
}

export interface Held {
  account: Address;
  mint: Address;
  owner: Address;
  amount: bigint;
}

/** A top-level instruction with those it invoked, each with its stack height (2 when left out; null: not recorded). */
export interface Ran {
  outer: Instruction;
  inner?: { at?: number | null; call: Instruction }[];
}

/** What `getTransaction` with encoding base64 would answer for a transaction that ran so. */
export function answerOf(
  feePayer: Address,
  ran: readonly Ran[],
  before: readonly Held[],
  after: readonly Held[],
): TransactionAnswer {
  // Accounts that only inner instructions name must be in the message too: they ride on the outer instruction.
  const outers = ran.map(({ outer, inner }) => ({
    ...outer,
    accounts: [
      ...(outer.accounts ?? []),
      ...(inner ?? []).flatMap(({ call }) => [
        ...(call.accounts ?? []).map(one => ({ address: one.address, role: AccountRole.READONLY })),
        { address: call.programAddress, role: AccountRole.READONLY },
      ]),
      ...[...before, ...after].map(one => ({ address: one.account, role: AccountRole.READONLY })),
    ],
  }));
  const wire = wireOf(feePayer, outers);
  const bytes = Buffer.from(wire, 'base64');
  const { staticAccounts } = getCompiledTransactionMessageDecoder().decode(bytes.subarray(1 + 64 * (bytes[0] ?? 0)));
  const place = (address: Address) => staticAccounts.indexOf(address);
  const balances = (held: readonly Held[]) =>
    held.map(({ account, mint, owner, amount }) => ({
      accountIndex: place(account),
      mint,
      owner,
      uiTokenAmount: { amount: String(amount) },
    }));
  return {
    slot: 46n,
    blockTime: 1_795_256_414n,
    meta: {
      err: null,
      fee: 10_000n,
      innerInstructions: ran.flatMap(({ inner }, index) =>
        inner
          ? [
              {
                index,
                instructions: inner.map(({ at, call }) => ({
                  programIdIndex: place(call.programAddress),
                  accounts: (call.accounts ?? []).map(one => place(one.address)),
                  data: getBase58Decoder().decode(call.data ?? new Uint8Array()),
                  stackHeight: at === undefined ? 2 : at,
                })),
              },
            ]
          : [],
      ),
      preTokenBalances: balances(before),
      postTokenBalances: balances(after),
    },
    transaction: [wire, 'base64'],
  };
}
