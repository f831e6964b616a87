import type { Asset, Network } from '#libs/money/assets';
import type { Atoms } from '#libs/money/atoms';
import { refuse } from '#libs/problems/refusal';
import { readPrice } from './price.ts';
import type { NewLink } from './request.ts';

/** The price in atoms, or the refusal that says why it is none. */
export function priceOf(network: Network, wanted: Pick<NewLink, 'price' | 'currency'>): { amount: Atoms; asset: Asset } {
  const reading = readPrice(network, wanted.price, wanted.currency);
  if (reading.kind === 'price') return reading;
  return refuse(reading.kind, {
    errors: [{ detail: `The price is ${JSON.stringify(wanted.price)}.`, pointer: '/price', code: reading.kind }],
  });
}

/**
 * Refuses what this build would take and not carry out: a seller whose buyers pay for a call that is never forwarded is
 * worse off than one who is told.
 */
export function judgeSupported(wanted: Pick<NewLink, 'protocol' | 'upstream_url' | 'metadata'>): void {
  if (wanted.protocol !== 'x402') refuse('protocol_unsupported');
  if (wanted.upstream_url !== undefined) refuseUpstream('/upstream_url');
  if (wanted.metadata.upstream_url !== undefined) refuseUpstream('/metadata/upstream_url');
}

function refuseUpstream(pointer: string): never {
  return refuse('upstream_unsupported', { errors: [{ detail: 'Leave it out.', pointer, code: 'upstream_unsupported' }] });
}

/** Both places for the same thing end in the one that every read shows. */
export function metadataOf(wanted: Pick<NewLink, 'metadata' | 'expected_request_body'>): Record<string, unknown> {
  return wanted.expected_request_body === undefined
    ? wanted.metadata
    : { ...wanted.metadata, expected_request_body: wanted.expected_request_body };
}
