import internal from 'litesvm/dist/internal.js';
import { type RawAccount, readAccount, type Vm } from './account.ts';
import { addressBytes, addressText, base58 } from './base58.ts';
import { type TransactionError, toTransactionError } from './errors.ts';
import { costOf, feeOf } from './fees.ts';
import { readHolding, readMint } from './holding.ts';
import { ATA, COMPUTE_BUDGET, MEMO, SYSTEM, TOKEN, TOKEN_2022 } from './identity.ts';
import type { Effects, InnerInstructions, TokenBalance } from './record.ts';
import type { Resolved } from './resolve.ts';

/** Programs whose (large) code is never copied out of the VM just to learn their balance. */
const CODE = new Set([TOKEN, TOKEN_2022, ATA, MEMO, SYSTEM, COMPUTE_BUDGET]);

/** The accounts of a transaction at one moment, by index; programs only by their lamports. */
export type Snapshot = { lamports: bigint[]; accounts: (RawAccount | null)[] };

export function snapshot(vm: Vm, { keys }: Resolved): Snapshot {
  const accounts = keys.map(key => (CODE.has(key) ? null : readAccount(vm, key)));
  return {
    accounts,
    lamports: keys.map((key, i) => accounts[i]?.lamports ?? (CODE.has(key) ? (vm.getBalance(addressBytes(key)) ?? 0n) : 0n)),
  };
}

/** The token balances among the accounts. The mint is read from the VM: its decimals never change. */
export function tokenBalances(vm: Vm, { accounts }: Snapshot): TokenBalance[] {
  return accounts.flatMap((account, accountIndex) => {
    const holding = readHolding(account);
    const mint = holding && readMint(readAccount(vm, holding.mint));
    if (!holding || !mint) return [];
    return [
      {
        accountIndex,
        mint: holding.mint,
        owner: holding.owner,
        programId: holding.program,
        amount: String(holding.amount),
        decimals: mint.decimals,
      },
    ];
  });
}

type VmResult = internal.TransactionMetadata | internal.FailedTransactionMetadata | internal.SimulatedTransactionInfo;

/** Puts together what a transaction did from the VM's answer and the accounts before and after. */
export function effectsOf(vm: Vm, resolved: Resolved, result: VmResult, pre: Snapshot, post: Snapshot): Effects {
  const err = result instanceof internal.FailedTransactionMetadata ? errorOf(result, resolved, pre) : null;
  const meta = result instanceof internal.TransactionMetadata ? result : result.meta();
  const units = Number(meta.computeUnitsConsumed());
  const loadedDataSize = NOT_LOADED.has(String(err)) ? 0 : loadedSize(vm, resolved, pre);
  const returned = meta.returnData();
  return {
    err,
    fee: feeOf(resolved.tx),
    logs: meta.logs(),
    units,
    preBalances: pre.lamports.map(String),
    postBalances: post.lamports.map(String),
    preTokenBalances: tokenBalances(vm, pre),
    postTokenBalances: tokenBalances(vm, post),
    inner: innerOf(meta),
    loaded: resolved.loaded,
    returnData:
      returned.data().length > 0
        ? { programId: addressText(returned.programId()), data: [Buffer.from(returned.data()).toString('base64'), 'base64'] }
        : null,
    loadedDataSize,
    costUnits: costOf(resolved.tx, resolved.writable.filter(Boolean).length, units, loadedDataSize),
  };
}

/** Errors of transactions whose programs could not be loaded: their fee is taken, and nothing runs. */
export const NOT_LOADED = new Set(['ProgramAccountNotFound', 'InvalidProgramForExecution']);

/** LiteSVM says of a program that does not exist what it says of one that is none; a validator tells them apart. */
function errorOf(result: internal.FailedTransactionMetadata, { tx, keys }: Resolved, pre: Snapshot): TransactionError {
  const err = toTransactionError(result);
  const missing = tx.instructions.some(ix => pre.lamports[ix.programIdIndex] === 0n && !CODE.has(keys[ix.programIdIndex] ?? ''));
  return err === 'InvalidProgramForExecution' && missing ? 'ProgramAccountNotFound' : err;
}

function innerOf(meta: internal.TransactionMetadata): InnerInstructions[] {
  return meta.innerInstructions().flatMap((list, index) =>
    list.length === 0
      ? []
      : [
          {
            index,
            instructions: list.map(inner => {
              const ix = inner.instruction();
              return {
                programIdIndex: ix.programIdIndex(),
                accounts: [...ix.accounts()],
                data: base58(ix.data()),
                stackHeight: inner.stackHeight(),
              };
            }),
          },
        ],
  );
}

/** What each lookup table counts as, whatever its size. */
const LOOKUP_TABLE_SIZE = 8_248;

const sizes = new Map<string, number>();

/** Bytes of account data loaded: 64 for each account that exists, its data, and the code behind an upgradeable program. */
function loadedSize(vm: Vm, { tx, keys }: Resolved, pre: Snapshot): number {
  const tables = LOOKUP_TABLE_SIZE * tx.lookups.length;
  return keys.reduce((sum, key, i) => {
    const account = pre.accounts[i];
    if (account) return sum + 64 + account.data.length;
    return CODE.has(key) ? sum + codeSize(vm, key) : sum;
  }, tables);
}

function codeSize(vm: Vm, program: string): number {
  const known = sizes.get(program);
  if (known !== undefined) return known;
  const account = readAccount(vm, program);
  const code = account?.owner.startsWith('BPFLoaderUpgradeab1e')
    ? readAccount(vm, addressText(account.data.subarray(4, 36)))
    : null;
  const size = account ? 64 + account.data.length + (code ? 64 + code.data.length : 0) : 0;
  sizes.set(program, size);
  return size;
}
