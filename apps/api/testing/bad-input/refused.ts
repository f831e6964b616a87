import { expect } from 'vitest';
import type { Asked } from '../use-api.ts';
import { faultOf, type Refused } from './expect-refused.ts';
import type { Route } from './routes.ts';
import type { World } from './world.ts';

export interface Attempt {
  what: string;
  url: string;
  asked?: Asked;
  wanted: Refused;
  method?: string;
}

/** Sends every attempt; each must be refused as wanted, and after all of them nothing may have been written. */
export async function expectRefused(world: World, route: Route, attempts: readonly Attempt[]): Promise<void> {
  const before = await world.books();
  const faults: string[] = [];
  for (const { what, url, asked = {}, wanted, method = route.method } of attempts) {
    const answer = await world.under.ask(method, url, asked).catch((error: Error) => error);
    const fault =
      answer instanceof Error ? answer.message.slice(0, 400) : faultOf(method === route.method ? route : null, answer, wanted);
    if (fault !== null) faults.push(`${what}: ${fault}`);
  }
  if (faults.length > 0) throw new Error(`${faults.length} of ${attempts.length}:\n${faults.slice(0, 20).join('\n')}`);
  expect(await world.books(), 'something was written').toBe(before);
}

export const BAD: Refused = { status: 400, code: 'invalid_request' };
