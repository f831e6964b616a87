import { serveAdmin } from './admin/serve.ts';
import { Chain, type ChainOptions } from './chain/chain.ts';
import { fillFaucet } from './chain/faucet.ts';
import { Faults } from './faults/faults.ts';
import { listen } from './http.ts';
import type { Node } from './rpc/node.ts';
import { serveRpc } from './rpc/serve.ts';

export type LocalnetOptions = ChainOptions & { port: number; adminPort: number; laggingPort: number; lagSlots: number };

export type Localnet = {
  urls: { rpc: string; admin: string; lagging_rpc: string };
  chain: Chain;
  faults: Faults;
  close(): Promise<void>;
};

/** Starts the chain with its three ports: the node, a node that lags behind it, and the admin endpoint. */
export async function startLocalnet(options: LocalnetOptions): Promise<Localnet> {
  const chain = new Chain(options);
  fillFaucet(chain);
  const faults = new Faults();
  const main: Node = { name: 'main', chain, lag: 0, gaps: [], forgets: null, landing: { kind: 'usual' } };
  const lagging: Node = { ...main, name: 'lagging', lag: options.lagSlots };
  const servers = [
    await listen(options.port, serveRpc(main, faults)),
    await listen(options.adminPort, serveAdmin({ chain, faults, main, lagging })),
    await listen(options.laggingPort, serveRpc(lagging, faults)),
  ] as const;
  chain.start();
  return {
    urls: { rpc: servers[0].url, admin: servers[1].url, lagging_rpc: servers[2].url },
    chain,
    faults,
    close: async () => {
      await Promise.all(servers.map(server => server.close()));
      chain.close();
    },
  };
}
