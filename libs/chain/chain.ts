import { createSolanaRpcFromTransport, isSolanaError, type Rpc, type SolanaRpcApi } from '@solana/kit';
import { CAIP2, type Network } from '#libs/money/assets';
import type { Step } from '#libs/steps/registry';
import type { Steps } from '#libs/steps/steps';
import { guardedTransport, RpcOutage } from './transport.ts';

export type ChainRpc = Rpc<SolanaRpcApi>;
/** What kit's request builders return before they are sent. */
export interface Question<T> {
  send(options?: { abortSignal?: AbortSignal }): Promise<T>;
}

/** No provider gave an answer. It says nothing about the chain: unknown is not failed. */
export class ChainUnavailable extends Error {
  override name = 'ChainUnavailable';
}

/** One network's RPC providers, as a port: no question without a step's name, none without a time limit. */
export interface Chain {
  readonly network: Network;
  readonly providers: number;
  /** Asks one provider after the other until one answers; `ChainUnavailable` when none does. RPC errors (-32xxx) that speak about the question itself are thrown as they are. */
  ask<T>(step: Step, question: (rpc: ChainRpc) => Question<T>): Promise<T>;
  /** Asks every provider and returns the answers that come, at least one; `ChainUnavailable` when none does. */
  askAll<T>(step: Step, question: (rpc: ChainRpc) => Question<T>): Promise<T[]>;
  /** Asks every provider and needs every answer: absence is only proven when all agree. */
  askEach<T>(step: Step, question: (rpc: ChainRpc) => Promise<T>): Promise<T[]>;
}

/**
 * Opens the providers of one network. The first is preferred; the others stand in for it and confirm absence.
 *
 * @param genesis the genesis hash that providers must show; by default the network's own.
 */
export function openChain(
  network: Network,
  urls: readonly string[],
  steps: Steps,
  genesis = CAIP2[network].slice('solana:'.length),
): Chain {
  // One host named twice is one witness.
  const distinct = [...new Map(urls.map(url => [new URL(url).host, url])).values()];
  const rpcs: ChainRpc[] = distinct.map(url => createSolanaRpcFromTransport(guardedTransport(url, genesis)));
  return {
    network,
    providers: rpcs.length,
    ask: (step, question) =>
      steps(step, async () => {
        let last: unknown;
        for (const rpc of rpcs) {
          try {
            return await question(rpc).send();
          } catch (error) {
            if (!isTransport(error)) throw error;
            last = error;
          }
        }
        throw new ChainUnavailable(`no RPC of ${network} answered: ${said(last)}`, { cause: last });
      }),
    askAll: (step, question) =>
      steps(step, async () => {
        const answers = await Promise.allSettled(rpcs.map(rpc => question(rpc).send()));
        const faults = answers.filter(answer => answer.status === 'rejected').map(answer => answer.reason as unknown);
        const hard = faults.find(fault => !isTransport(fault));
        if (hard) throw hard;
        const told = answers.filter(answer => answer.status === 'fulfilled').map(answer => answer.value);
        if (told.length === 0)
          throw new ChainUnavailable(`no RPC of ${network} answered: ${said(faults[0])}`, { cause: faults[0] });
        return told;
      }),
    askEach: (step, question) =>
      steps(step, async () => {
        try {
          return await Promise.all(rpcs.map(question));
        } catch (error) {
          if (isTransport(error))
            throw new ChainUnavailable(`not every RPC of ${network} answered: ${said(error)}`, { cause: error });
          throw error;
        }
      }),
  };
}

/** JSON-RPC errors that mean "ask someone else, or later": node unhealthy, behind, without history, without the method, internal, rate limited. */
const SOFT_RPC_CODES = new Set([-32004, -32005, -32007, -32009, -32011, -32014, -32016, -32019, -32601, -32603, 429, -32429]);

function isTransport(error: unknown): boolean {
  if (error instanceof RpcOutage) return true;
  return isSolanaError(error) && SOFT_RPC_CODES.has(error.context.__code);
}

const said = (error: unknown): string => (error instanceof Error ? error.message : String(error));
