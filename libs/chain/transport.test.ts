import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { quietSteps } from '#libs/steps/steps';
import { ChainUnavailable, openChain } from './chain.ts';

const DEVNET = 'EtWTRABZaYq6iMfeYKouRu166VU2xqa1wcaWoxPkrZBG';
const MAINNET = '5eykt4UsFv8P8NJdTREpY1vzqKqZKvdpKhvTxXxqmKba';

interface Node {
  url: string;
  asked: string[];
  genesis: string;
  status: number;
}

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

/** A node that answers its genesis and its slot. */
async function node(genesis: string): Promise<Node> {
  const self: Node = { url: '', asked: [], genesis, status: 200 };
  const server = createServer((request, response) => {
    let text = '';
    request.on('data', chunk => {
      text += chunk;
    });
    request.on('end', () => {
      const { method, id } = JSON.parse(text) as { method: string; id: string };
      self.asked.push(method);
      response.writeHead(self.status, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ jsonrpc: '2.0', id, result: method === 'getGenesisHash' ? self.genesis : 7 }));
    });
  });
  servers.push(server);
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  self.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return self;
}

const slot = (...nodes: Node[]) => {
  const chain = openChain(
    'solana-devnet',
    nodes.map(one => one.url),
    quietSteps,
  );
  return {
    ask: () => chain.ask('finality.status', rpc => rpc.getSlot()),
    each: () => chain.askEach('finality.status', rpc => rpc.getSlot().send()),
  };
};

test('a node of another chain is asked nothing but its genesis', async () => {
  const wrong = await node(MAINNET);
  await expect(slot(wrong).ask()).rejects.toThrow(ChainUnavailable);
  await expect(slot(wrong).each()).rejects.toThrow(/another chain/);
  expect(new Set(wrong.asked)).toEqual(new Set(['getGenesisHash']));
});

test('the next provider stands in for one on another chain, but not where all must agree', async () => {
  const [wrong, right] = [await node(MAINNET), await node(DEVNET)];
  const port = slot(wrong, right);
  expect(await port.ask()).toBe(7n);
  await expect(port.each()).rejects.toThrow(ChainUnavailable);
});

test('genesis is asked once, and again after an outage: another node may stand there by then', async () => {
  const only = await node(DEVNET);
  const port = slot(only);
  await Promise.all([port.ask(), port.ask()]);
  await port.ask();
  expect(only.asked.filter(method => method === 'getGenesisHash')).toHaveLength(1);

  only.status = 503;
  await expect(port.ask()).rejects.toThrow(ChainUnavailable);
  only.status = 200;
  only.genesis = MAINNET;
  await expect(port.ask()).rejects.toThrow(/another chain/);
  only.genesis = DEVNET;
  expect(await port.ask()).toBe(7n);
});
