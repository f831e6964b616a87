import type { Address } from '@solana/kit';
import type { Clock } from '#libs/clock/clock';
import type { Network } from '#libs/money/assets';
import type { Step } from '#libs/steps/registry';
import type { FacilitatorClient } from './facilitator-client.ts';

/** Addresses that pay the network fee of payments: the first is offered, all of them are recognised. */
export interface FeePayers {
  /** Null when the facilitator has never answered, or does not serve this network: then nothing can be offered. */
  of(step: Step, network: Network): Promise<readonly Address[] | null>;
}

const FRESH_MS = 60_000;

/** Remembers what the facilitator said. An old answer serves while it cannot be asked, so that its outage refuses no offer. */
export function feePayersOf(client: FacilitatorClient, clock: Clock): FeePayers {
  let known: { at: number; feePayers: Readonly<Record<Network, readonly Address[]>> } | null = null;
  let asking: Promise<void> | null = null;

  const ask = async (step: Step) => {
    const answer = await client.supported(step);
    if (answer.kind === 'supported') known = { at: clock.now().getTime(), feePayers: merged(known?.feePayers, answer.feePayers) };
  };
  return {
    async of(step, network) {
      if (known === null || clock.now().getTime() - known.at > FRESH_MS) {
        asking ??= ask(step).finally(() => {
          asking = null;
        });
        // Who has an old answer does not wait for the new one.
        if (known === null) await asking;
      }
      const addresses = known?.feePayers[network] ?? [];
      return addresses.length > 0 ? addresses : null;
    },
  };
}

/** Offers made with an earlier address are still on their way back to us. */
function merged(
  before: Readonly<Record<Network, readonly Address[]>> | undefined,
  now: Readonly<Record<Network, readonly Address[]>>,
): Record<Network, readonly Address[]> {
  const both = (network: Network) => [...new Set([...now[network], ...(before?.[network] ?? [])])];
  return { 'solana-devnet': both('solana-devnet'), 'solana-mainnet': both('solana-mainnet') };
}
