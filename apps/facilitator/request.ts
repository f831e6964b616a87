import type { PaymentPayload, PaymentRequirements } from '@x402/core/types';
import { z } from 'zod';
import { CAIP2, NETWORKS, type Network } from '#libs/money/assets';
import { type Refused, refused, V1_NETWORK } from '#libs/paywall/x402/vocabulary';

/** A question to `/verify` or `/settle`, v1 or v2: the terms in our words, and the originals for the official classes. */
export interface Asked {
  version: 1 | 2;
  network: Network;
  /** As the caller names it. */
  networkName: string;
  mint: string;
  amount: string;
  payTo: string;
  feePayer: string;
  memo: string;
  wire: string;
  payload: PaymentPayload;
  requirements: PaymentRequirements;
}

const text = z.string().min(1).max(512);
const payload = z.looseObject({ transaction: z.string().min(1).max(2_048) });
const extra = z.looseObject({ feePayer: text, memo: text });
const terms = { scheme: text, network: text, asset: text, payTo: text, maxTimeoutSeconds: z.number(), extra };

const RequestV2 = z.object({
  paymentPayload: z.looseObject({ x402Version: z.literal(2), accepted: z.looseObject({ scheme: text, network: text }), payload }),
  paymentRequirements: z.looseObject({ ...terms, amount: text }),
});
const RequestV1 = z.object({
  paymentPayload: z.looseObject({ x402Version: z.literal(1), scheme: text, network: text, payload }),
  paymentRequirements: z.looseObject({ ...terms, maxAmountRequired: text }),
});
const Version = z.object({ paymentPayload: z.object({ x402Version: z.number() }) });

/** Reads a body. `extra.memo` is required here: a payment that cannot be found on chain is not sponsored. */
export function readRequest(body: unknown): { kind: 'asked'; asked: Asked } | Refused {
  const version = Version.safeParse(body);
  if (!version.success) return refused('invalidPayload', 'paymentPayload.x402Version is missing');
  if (version.data.paymentPayload.x402Version === 2) return readV2(body);
  if (version.data.paymentPayload.x402Version === 1) return readV1(body);
  return refused('unsupportedVersion', 'x402Version must be 1 or 2');
}

function readV2(body: unknown): { kind: 'asked'; asked: Asked } | Refused {
  const read = RequestV2.safeParse(body);
  if (!read.success) return refused('invalidPayload', faults(read.error));
  const { paymentPayload, paymentRequirements } = read.data;
  if (paymentPayload.accepted.scheme !== 'exact') return refused('unsupportedScheme', 'only the scheme exact is served');
  if (paymentPayload.accepted.network !== paymentRequirements.network)
    return refused('invalidNetwork', 'accepted another network');
  return asked(paymentRequirements, {
    version: 2,
    network: NETWORKS.find(one => CAIP2[one] === paymentRequirements.network),
    amount: paymentRequirements.amount,
    wire: paymentPayload.payload.transaction,
    payload: paymentPayload as unknown as PaymentPayload,
    requirements: paymentRequirements as unknown as PaymentRequirements,
  });
}

function readV1(body: unknown): { kind: 'asked'; asked: Asked } | Refused {
  const read = RequestV1.safeParse(body);
  if (!read.success) return refused('invalidPayload', faults(read.error));
  const { paymentPayload, paymentRequirements } = read.data;
  if (paymentPayload.scheme !== 'exact') return refused('unsupportedScheme', 'only the scheme exact is served');
  if (paymentPayload.network !== paymentRequirements.network) return refused('invalidNetwork', 'paid on another network');
  return asked(paymentRequirements, {
    version: 1,
    network: NETWORKS.find(one => V1_NETWORK[one] === paymentRequirements.network),
    amount: paymentRequirements.maxAmountRequired,
    wire: paymentPayload.payload.transaction,
    payload: paymentPayload as unknown as PaymentPayload,
    requirements: paymentRequirements as unknown as PaymentRequirements,
  });
}

type Terms = z.infer<typeof RequestV2>['paymentRequirements'] | z.infer<typeof RequestV1>['paymentRequirements'];

function asked(
  { scheme, network: networkName, asset, payTo, extra: { feePayer, memo } }: Terms,
  rest: Pick<Asked, 'version' | 'amount' | 'wire' | 'payload' | 'requirements'> & { network: Network | undefined },
): { kind: 'asked'; asked: Asked } | Refused {
  const { network } = rest;
  if (scheme !== 'exact') return refused('unsupportedScheme', 'only the scheme exact is served');
  if (network === undefined) return refused('invalidNetwork', `${networkName} is not served`);
  return { kind: 'asked', asked: { ...rest, network, networkName, mint: asset, payTo, feePayer, memo } };
}

const faults = (error: z.ZodError): string => error.issues.map(issue => `${issue.path.join('.')}: ${issue.message}`).join('; ');
