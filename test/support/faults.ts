import type { Stack } from '#apps/dev/stack';
import type { FaultBody } from '#apps/localnet/faults/schema';
import { admin } from './shop.ts';

/** A fault that is set on the local chain's RPC. */
export interface SetFault {
  id: number;
  /** How many calls it has met: a test's proof that its fault was real. */
  met(): Promise<number>;
  clear(): Promise<void>;
}

/** Sets a fault; `slots` and the like have the defaults of the local chain. */
export async function inject(stack: Stack, fault: Partial<FaultBody> & Pick<FaultBody, 'kind'>): Promise<SetFault> {
  const { id } = await admin<{ id: number }>(stack, 'POST', '/fault', fault);
  return {
    id,
    async met() {
      const { met } = await admin<{ met: Record<string, number> }>(stack, 'GET', '/faults');
      return met[id] ?? 0;
    },
    async clear() {
      await admin(stack, 'DELETE', '/faults', { id });
    },
  };
}

export const clearFaults = (stack: Stack) => admin(stack, 'DELETE', '/faults', {});

/** More slots than any transaction of a test still has to live, finality included. */
export const PAST_EXPIRY = 400;

export const jump = (stack: Stack, slots: number) => admin(stack, 'POST', '/jump', { slots });
