import {
  createSolanaRpc,
  isSolanaError,
  type Rpc,
  SOLANA_ERROR__RPC__TRANSPORT_HTTP_ERROR,
  type SolanaRpcApi,
} from '@solana/kit';
import type { Network } from '#libs/money/assets';
import type { Step } from '#libs/steps/registry';
import type { Steps } from '#libs/steps/steps';

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
  /** Asks every provider and needs every answer: absence is only proven when all agree. */
  askEach<T>(step: Step, question: (rpc: ChainRpc) => Promise<T>): Promise<T[]>;
}

const QUESTION_TIMEOUT_MS = 8_000;

/** Opens the providers of one network. The first is preferred; the others stand in for it and confirm absence. */
export function openChain(network: Network, urls: readonly string[], steps: Steps): Chain {
  const rpcs = urls.map(url => createSolanaRpc(url as `https://${string}`));
  return {
    network,
    providers: rpcs.length,
    ask: (step, question) =>
      steps(step, async () => {
        let last: unknown;
        for (const rpc of rpcs) {
          try {
            return await question(rpc).send({ abortSignal: AbortSignal.timeout(QUESTION_TIMEOUT_MS) });
          } catch (error) {
            if (!isTransport(error)) throw error;
            last = error;
          }
        }
        throw new ChainUnavailable(`no RPC of ${network} answered`, { cause: last });
      }),
    askEach: (step, question) =>
      steps(step, async () => {
        try {
          return await Promise.all(rpcs.map(question));
        } catch (error) {
          if (isTransport(error)) throw new ChainUnavailable(`not every RPC of ${network} answered`, { cause: error });
          throw error;
        }
      }),
  };
}

/** JSON-RPC errors that mean "ask someone else, or later": node unhealthy, behind, internal, rate limited. */
const SOFT_RPC_CODES = new Set([-32004, -32005, -32007, -32009, -32014, -32016, -32603, 429, -32429]);

function isTransport(error: unknown): boolean {
  if (!isSolanaError(error)) return true;
  const code = error.context.__code;
  if (code > -40_000 && code < -30_000) return SOFT_RPC_CODES.has(code);
  return isSolanaError(error, SOLANA_ERROR__RPC__TRANSPORT_HTTP_ERROR);
}
