import { airdrop } from '../chain/faucet.ts';
import {
  getAccountInfo,
  getBalance,
  getMultipleAccounts,
  getTokenAccountBalance,
  getTokenAccountsByOwner,
} from './methods-accounts.ts';
import { getFeeForMessage, getLatestBlockhash, isBlockhashValid } from './methods-blockhash.ts';
import { getSignatureStatuses, getSignaturesForAddress, getTransaction } from './methods-history.ts';
import {
  getBlockHeight,
  getBlocks,
  getBlockTime,
  getEpochInfo,
  getGenesisHash,
  getHealth,
  getMinimumBalanceForRentExemption,
  getRecentPrioritizationFees,
  getSlot,
  getVersion,
} from './methods-node.ts';
import { sendTransaction, simulateTransaction } from './methods-send.ts';
import type { Node } from './node.ts';
import { address, atLeast, whole } from './params.ts';

export type Method = (node: Node, params: unknown[]) => unknown;

function requestAirdrop(node: Node, params: unknown[]): string {
  atLeast(params, 2);
  return airdrop(node.chain, address(params[0]), BigInt(whole(params[1])));
}

/** Every method the node answers. */
export const METHODS: ReadonlyMap<string, Method> = new Map<string, Method>(
  Object.entries({
    getAccountInfo,
    getBalance,
    getBlockHeight,
    getBlocks,
    getBlockTime,
    getEpochInfo,
    getFeeForMessage,
    getGenesisHash,
    getHealth,
    getLatestBlockhash,
    getMinimumBalanceForRentExemption,
    getMultipleAccounts,
    getRecentPrioritizationFees,
    getSignaturesForAddress,
    getSignatureStatuses,
    getSlot,
    getTokenAccountBalance,
    getTokenAccountsByOwner,
    getTransaction,
    getVersion,
    isBlockhashValid,
    requestAirdrop,
    sendTransaction,
    simulateTransaction,
  }),
);
