import { base58, fromBase58 } from '../chain/base58.ts';
import { NOT_LOADED } from '../chain/effects.ts';
import type { Effects, TokenBalance } from '../chain/record.ts';
import type { StoredTransaction } from '../chain/store.ts';
import { decodeTransaction, isStaticWritable, type WireTransaction } from '../chain/wire.ts';
import { decimalText, uiAmount } from './amount.ts';
import { instructionJson } from './instruction-json.ts';

export type TransactionEncoding = 'json' | 'jsonParsed' | 'base64' | 'base58' | 'binary';

/** A landed transaction as getTransaction tells it, without slot and time. */
export function transactionJson(stored: StoredTransaction, encoding: TransactionEncoding) {
  const tx = decodeTransaction(stored.wire);
  return { meta: metaJson(stored, tx, encoding), transaction: bodyJson(tx, stored.record, encoding), version: tx.version };
}

function bodyJson(tx: WireTransaction, record: Effects, encoding: TransactionEncoding) {
  if (encoding === 'base64') return [Buffer.from(tx.bytes).toString('base64'), 'base64'];
  if (encoding === 'base58') return [base58(tx.bytes), 'base58'];
  if (encoding === 'binary') return base58(tx.bytes);
  const keys = allKeys(tx, record);
  const lookups =
    tx.version === 0
      ? {
          addressTableLookups: tx.lookups.map(l => ({
            accountKey: l.table,
            readonlyIndexes: l.readonly,
            writableIndexes: l.writable,
          })),
        }
      : {};
  const message =
    encoding === 'jsonParsed'
      ? { accountKeys: parsedKeys(tx, record), ...lookups, instructions: tx.instructions.map(ix => instructionJson(ix, keys, 1)) }
      : {
          accountKeys: tx.staticKeys,
          ...lookups,
          header: tx.header,
          instructions: tx.instructions.map(ix => ({
            accounts: ix.accounts,
            data: base58(ix.data),
            programIdIndex: ix.programIdIndex,
            stackHeight: 1,
          })),
        };
  return { message: { ...message, recentBlockhash: tx.blockhash }, signatures: tx.signatures.map(base58) };
}

const allKeys = (tx: WireTransaction, { loaded }: Effects): string[] => [
  ...tx.staticKeys,
  ...loaded.writable,
  ...loaded.readonly,
];

function parsedKeys(tx: WireTransaction, { loaded }: Effects) {
  const invoked = new Set(tx.instructions.map(ix => ix.programIdIndex));
  return [
    ...tx.staticKeys.map((pubkey, i) => ({
      pubkey,
      signer: i < tx.header.numRequiredSignatures,
      source: 'transaction',
      writable: isStaticWritable(tx, i) && !invoked.has(i),
    })),
    ...loaded.writable.map(pubkey => ({ pubkey, signer: false, source: 'lookupTable', writable: true })),
    ...loaded.readonly.map(pubkey => ({ pubkey, signer: false, source: 'lookupTable', writable: false })),
  ];
}

function metaJson({ record }: StoredTransaction, tx: WireTransaction, encoding: TransactionEncoding) {
  const parsed = encoding === 'jsonParsed';
  const ran = !NOT_LOADED.has(String(record.err));
  return {
    computeUnitsConsumed: record.units,
    costUnits: record.costUnits,
    err: record.err,
    fee: record.fee,
    innerInstructions: ran ? innerJson(record, allKeys(tx, record), parsed) : null,
    ...(parsed ? {} : { loadedAddresses: { readonly: record.loaded.readonly, writable: record.loaded.writable } }),
    logMessages: ran ? record.logs : null,
    postBalances: record.postBalances.map(BigInt),
    postTokenBalances: record.postTokenBalances.map(storedBalance),
    preBalances: record.preBalances.map(BigInt),
    preTokenBalances: record.preTokenBalances.map(storedBalance),
    ...(record.returnData ? { returnData: record.returnData } : {}),
    rewards: [],
    status: record.err === null ? { Ok: null } : { Err: record.err },
  };
}

/** Inner instructions by the instruction that made them. */
export function innerJson(effects: Effects, keys: string[], parsed: boolean) {
  if (!parsed) return effects.inner;
  return effects.inner.map(({ index, instructions }) => ({
    index,
    instructions: instructions.map(ix => instructionJson({ ...ix, data: fromBase58(ix.data) }, keys, ix.stackHeight)),
  }));
}

/** A token balance as a simulation tells it. */
export const balanceJson = ({ accountIndex, mint, owner, programId, amount, decimals }: TokenBalance) => ({
  accountIndex,
  mint,
  owner,
  programId,
  uiTokenAmount: uiAmount(BigInt(amount), decimals),
});

/** As history tells it: a balance of zero has no `uiAmount` there, since a validator stores it so. */
const storedBalance = (balance: TokenBalance) => ({
  ...balanceJson(balance),
  uiTokenAmount: {
    amount: balance.amount,
    decimals: balance.decimals,
    uiAmount: balance.amount === '0' ? null : Number(decimalText(BigInt(balance.amount), balance.decimals)),
    uiAmountString: decimalText(BigInt(balance.amount), balance.decimals),
  },
});
