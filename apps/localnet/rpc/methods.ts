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

/** How many parameters a method takes at most, where it is not one. */
export const MOST_PARAMS: Readonly<Record<string, number>> = {
  getHealth: 0,
  getVersion: 0,
  getGenesisHash: 0,
  getAccountInfo: 2,
  getBalance: 2,
  getBlocks: 3,
  getFeeForMessage: 2,
  getMinimumBalanceForRentExemption: 2,
  getMultipleAccounts: 2,
  getSignaturesForAddress: 2,
  getSignatureStatuses: 2,
  getTokenAccountBalance: 2,
  getTokenAccountsByOwner: 3,
  getTransaction: 2,
  isBlockhashValid: 2,
  requestAirdrop: 3,
  sendTransaction: 2,
  simulateTransaction: 2,
};
