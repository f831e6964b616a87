import { setTimeout as sleep } from 'node:timers/promises';
import { generateKeyPairSigner } from '@solana/kit';
import { mintKey } from '#apps/dev/ready-key';
import type { Stack } from '#apps/dev/stack';
import { newBuyer, usdcAccount } from './buyers.ts';
import { Books, ChainReader } from './readers.ts';
import { must } from './violation.ts';
import { call, type Link, type World } from './world.ts';

const AGENTS = 2;
const BUYERS = 6;
/** In atoms of a dollar's millionth: from a few, where parts of parts meet zero, to a usual price. */
const PRICES = [100_000n, 10_000n, 999n, 7n];

/** A merchant with agents and links, and buyers with funds, all of it made over HTTP. */
export async function openWorld(stack: Stack): Promise<World> {
  const chain = new ChainReader(stack.urls.rpc);
  const world: World = {
    stack,
    apiKey: await mintKey(stack, 'model'),
    books: new Books(stack.urls.database),
    chain,
    agents: [],
    links: [],
    buyers: [],
    orders: [],
    payments: [],
    refunds: new Map(),
    asked: [],
    vanished: 0,
  };
  for (let n = 0; n < AGENTS; n++) world.links.push(...(await openAgent(world)));
  world.agents = (await world.books.rows<{ id: string }>('select id from agents')).map(one => one.id);
  for (let n = 0; n < BUYERS; n++) world.buyers.push(await newBuyer(stack.urls.rpc, stack.urls.localnetAdmin, chain));
  return world;
}

async function openAgent(world: World): Promise<Link[]> {
  const { address: mint } = await generateKeyPairSigner();
  const made = await call(world, 'POST', '/v1/agents', { mint, label: 'A model', treasury: { kind: 'managed' } });
  must(made.status === 201, () => `the agent was answered ${made.status}`);
  const links: Link[] = [];
  while (true) {
    const { body } = await call(world, 'GET', `/v1/agents/${mint}`);
    const { pay_to, treasury } = body as { pay_to?: string; treasury?: { status: string } };
    if (treasury?.status !== 'open') {
      await sleep(50);
      continue;
    }
    const tokenAccount = await usdcAccount(String(pay_to));
    for (const price of PRICES) {
      const dollars = `$0.${String(price).padStart(6, '0')}`;
      const link = { label: 'A thing', owner_agent: mint, method: 'GET', price: dollars, response: { body: { ok: true } } };
      const { status, body: view } = await call(world, 'POST', '/v1/payment-links', link);
      must(status === 201 && view.id !== undefined, () => `the link was answered ${status} ${JSON.stringify(view)}`);
      links.push({ slug: view.id, price, tokenAccount });
    }
    return links;
  }
}
