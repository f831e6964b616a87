import {
  createDefaultRpcTransport,
  isSolanaError,
  type RpcTransport,
  SOLANA_ERROR__RPC__TRANSPORT_HTTP_ERROR,
} from '@solana/kit';

/** A provider gave no answer, or is not on the network it stands for. It says nothing about the chain. */
export class RpcOutage extends Error {
  override name = 'RpcOutage';
}

const QUESTION_TIMEOUT_MS = 8_000;

/**
 * HTTP to one provider: no question without a time limit, and none before the provider has shown that its genesis is the
 * network's (`genesis`: the hash, or its first 32 characters as in CAIP-2). After every outage it has to show that again: behind
 * one URL there may be another node by then. Throws `RpcOutage` for whatever is no answer of the node.
 */
export function guardedTransport(url: string, genesis: string): RpcTransport {
  const plain = createDefaultRpcTransport({ url });
  let shown: Promise<void> | null = null;

  const send: RpcTransport = async request => {
    const limit = AbortSignal.timeout(QUESTION_TIMEOUT_MS);
    try {
      return await plain({ ...request, signal: request.signal ? AbortSignal.any([request.signal, limit]) : limit });
    } catch (error) {
      shown = null;
      if (isSolanaError(error) && !isSolanaError(error, SOLANA_ERROR__RPC__TRANSPORT_HTTP_ERROR)) throw error;
      throw new RpcOutage(`the RPC gave no answer: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
    }
  };
  const show = async (): Promise<void> => {
    const answer = await send<{ result?: unknown }>({
      payload: { jsonrpc: '2.0', id: 'genesis', method: 'getGenesisHash', params: [] },
    });
    const hash = String(answer.result);
    if (!hash.startsWith(genesis)) throw new RpcOutage(`the RPC is on another chain: its genesis is ${hash}, not ${genesis}`);
  };
  return async request => {
    shown ??= show().catch(error => {
      shown = null;
      throw error;
    });
    await shown;
    return send(request);
  };
}
