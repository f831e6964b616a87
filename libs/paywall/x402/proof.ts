import { z } from 'zod';
import { type DecodedTransaction, decodeTransaction } from '#libs/chain/decode';
import { CAIP2, NETWORKS, type Network } from '#libs/money/assets';
import { isProofSecret } from './memo.ts';
import { type Refused, refused, V1_NETWORK } from './vocabulary.ts';

/** The offer that a v2 client says it accepted: a claim, until it is bound. */
export interface Accepted {
  network: Network;
  asset: string;
  amount: string;
  payTo: string;
  maxTimeoutSeconds: number;
  feePayer: string;
  memo: string;
}

/** What a buyer brought as a payment. Everything in it is a stranger's word; `transaction.messageHash` is its identity. */
export interface Proof {
  version: 1 | 2;
  network: Network;
  /** The partially signed transaction, base64. */
  wire: string;
  transaction: DecodedTransaction;
  /** v1 clients do not echo the offer. */
  accepted: Accepted | null;
  /** The memo in the transaction, where there is exactly one. */
  memo: string | null;
  /** `right`: the buyer was given the offer itself. `missing`: every v1 proof, and proofs rebuilt from the chain. */
  secret: 'right' | 'wrong' | 'missing';
  /** Whether an answer may be had again with this proof. */
  secretShown: boolean;
}

export type ReadProof = { kind: 'none' } | { kind: 'proof'; proof: Proof } | Refused;

const MAX_HEADER_CHARS = 16_384;
const text = z.string().min(1).max(512);

const PayloadV2 = z.object({
  x402Version: z.literal(2),
  accepted: z.object({
    scheme: text,
    network: text,
    asset: text,
    amount: text,
    payTo: text,
    maxTimeoutSeconds: z.number(),
    extra: z.object({ feePayer: text, memo: text, ebb: text.optional() }),
  }),
  payload: z.object({ transaction: z.string().min(1).max(2_048) }),
});

const PayloadV1 = z.object({
  x402Version: z.literal(1),
  scheme: text,
  network: text,
  payload: z.object({ transaction: z.string().min(1).max(2_048) }),
});

/**
 * Reads `PAYMENT-SIGNATURE` (v2) or `X-PAYMENT` (v1; a v2 payload is taken there too), the former first. `proofKey` is
 * `derive(master, 'proof')`. Asks nobody: whether the payment is one we offered is for binding.ts to say.
 */
export function readProof(
  headers: { paymentSignature?: string | undefined; xPayment?: string | undefined },
  proofKey: Uint8Array,
): ReadProof {
  const header = headers.paymentSignature ?? headers.xPayment;
  if (header === undefined || header === '') return { kind: 'none' };
  const json = parseHeader(header);
  if (json === null) return refused('invalidPayload', 'the payment header is not base64 JSON');
  if (json.x402Version === 2) return readV2(json, proofKey);
  if (json.x402Version === 1) return readV1(json);
  return refused('unsupportedVersion', 'x402Version must be 1 or 2');
}

function readV2(json: unknown, proofKey: Uint8Array): ReadProof {
  const read = PayloadV2.safeParse(json);
  if (!read.success) return refused('invalidPayload', faults(read.error));
  const { accepted, payload } = read.data;
  const { feePayer, memo, ebb } = accepted.extra;
  if (accepted.scheme !== 'exact') return refused('unsupportedScheme', 'only the scheme exact is offered');
  const network = NETWORKS.find(one => CAIP2[one] === accepted.network);
  if (network === undefined) return refused('invalidNetwork', 'the network is not one that was offered');
  const { asset, amount, payTo, maxTimeoutSeconds } = accepted;
  const secret = ebb === undefined ? 'missing' : isProofSecret(proofKey, memo, ebb) ? 'right' : 'wrong';
  return withTransaction(payload.transaction, {
    version: 2,
    network,
    accepted: { network, asset, amount, payTo, maxTimeoutSeconds, feePayer, memo },
    secret,
  });
}

function readV1(json: unknown): ReadProof {
  const read = PayloadV1.safeParse(json);
  if (!read.success) return refused('invalidPayload', faults(read.error));
  if (read.data.scheme !== 'exact') return refused('unsupportedScheme', 'only the scheme exact is offered');
  const network = NETWORKS.find(one => V1_NETWORK[one] === read.data.network || CAIP2[one] === read.data.network);
  if (network === undefined) return refused('invalidNetwork', 'the network is not one that was offered');
  return withTransaction(read.data.payload.transaction, { version: 1, network, accepted: null, secret: 'missing' });
}

function withTransaction(wire: string, rest: Pick<Proof, 'version' | 'network' | 'accepted' | 'secret'>): ReadProof {
  const decoding = decodeTransaction(wire);
  if (decoding.kind === 'undecodable') return refused('undecodable', `the transaction does not decode: ${decoding.reason}`);
  const { transaction } = decoding;
  const [memo, ...more] = transaction.memos;
  return {
    kind: 'proof',
    proof: {
      ...rest,
      wire,
      transaction,
      memo: memo !== undefined && more.length === 0 ? memo : null,
      // A secret is worth something only for the transaction that carries its memo.
      secretShown: rest.secret === 'right' && rest.accepted?.memo === memo && more.length === 0,
    },
  };
}

function parseHeader(header: string): Record<string, unknown> | null {
  if (header.length > MAX_HEADER_CHARS || !/^[A-Za-z0-9+/_-]+={0,2}$/.test(header)) return null;
  try {
    const json: unknown = JSON.parse(Buffer.from(header, 'base64').toString('utf8'));
    return typeof json === 'object' && json !== null && !Array.isArray(json) ? (json as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

const faults = (error: z.ZodError): string => error.issues.map(issue => `${issue.path.join('.')}: ${issue.message}`).join('; ');
