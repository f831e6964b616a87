import { sql } from 'kysely';
import type { Network } from '#libs/money/assets';
import type { FacilitatorParts } from './parts.ts';

export interface Readiness {
  ready: boolean;
  /** What is missing, in words; empty when ready. */
  missing: string[];
  sponsor: { address: string; lamports: Partial<Record<Network, string>> };
}

/** Below this the sponsor cannot pay for the next hundred payments. */
const LOW_LAMPORTS = 1_000_000n;

/** Whether payments can be settled now: database, each network's RPC, and the sponsor's money. */
export async function readiness(parts: FacilitatorParts): Promise<Readiness> {
  const lamports: Partial<Record<Network, string>> = {};
  const faults = await Promise.all([
    told('database', async () => {
      await sql`select 1`.execute(parts.db.read);
      return null;
    }),
    ...[...parts.chains].map(([network, chain]) =>
      told(network, async () => {
        const { value } = await chain.ask('facilitator.ready', rpc =>
          rpc.getBalance(parts.sponsor.address, { commitment: 'confirmed' }),
        );
        lamports[network] = String(value);
        return value < LOW_LAMPORTS ? `the sponsor has ${value} lamports` : null;
      }),
    ),
  ]);
  const missing = faults.filter(fault => fault !== null);
  return { ready: missing.length === 0, missing, sponsor: { address: parts.sponsor.address, lamports } };
}

async function told(what: string, look: () => Promise<string | null>): Promise<string | null> {
  try {
    const fault = await look();
    return fault === null ? null : `${what}: ${fault}`;
  } catch (error) {
    return `${what}: ${error instanceof Error ? error.message : String(error)}`;
  }
}
