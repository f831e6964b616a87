import type { Address } from '@solana/kit';
import { request } from 'undici';
import { z } from 'zod';
import { CAIP2, type Network } from '#libs/money/assets';
import type { Step } from '#libs/steps/registry';
import type { Steps } from '#libs/steps/steps';

/** A payment as a facilitator needs it. v1 proofs go as v2 too: the transaction is the same, and ours are the terms. */
export interface FacilitatedPayment {
  /** The buyer's partially signed transaction. */
  wire: Uint8Array;
  /** The offer it takes up, without its secret (`BoundOffer.requirements`). */
  requirements: object;
  /** Whose payment it is: our facilitator keeps a budget for each account. */
  accountId: string;
}

export type Verified =
  | { kind: 'valid'; payer: string | null }
  | { kind: 'invalid'; reason: string; message: string | null; payer: string | null }
  /** No answer, or none that could be read: it says nothing about the payment. */
  | { kind: 'unavailable'; message: string };

/** What a facilitator says of a settlement: a hint where to look on chain, and no more than that. */
export type Submitted =
  | { kind: 'success'; signature: string }
  | { kind: 'failed'; reason: string; message: string | null; signature: string | null }
  | { kind: 'unavailable'; message: string; signature: null };

export type Supported =
  | { kind: 'supported'; feePayers: Readonly<Record<Network, readonly Address[]>> }
  | { kind: 'unavailable'; message: string };

/** A facilitator behind HTTP, as a port: no question without a step's name, none without a time limit, outcomes as values. */
export interface FacilitatorClient {
  readonly url: string;
  supported(step: Step): Promise<Supported>;
  verify(step: Step, payment: FacilitatedPayment): Promise<Verified>;
  settle(step: Step, payment: FacilitatedPayment): Promise<Submitted>;
}

export interface FacilitatorClientOptions {
  url: string;
  token?: string | undefined;
  steps: Steps;
  /** How long an answer may take. A settlement's covers the facilitator's own wait for the chain. */
  timeouts_ms?: { supported: number; verify: number; settle: number };
}

/** Names the account on whose behalf a payment is settled; facilitators of others ignore it. */
export const ACCOUNT_HEADER = 'x-ebb-account';
const TIMEOUTS_MS = { supported: 3_000, verify: 8_000, settle: 15_000 };
const MAX_ANSWER_BYTES = 65_536;
const optional = z.string().nullish();

const VerifyAnswer = z.object({ isValid: z.boolean(), invalidReason: optional, invalidMessage: optional, payer: optional });
const SettleAnswer = z.object({ success: z.boolean(), errorReason: optional, errorMessage: optional, transaction: optional });
const SupportedAnswer = z.object({
  kinds: z.array(
    z.object({
      x402Version: z.number(),
      scheme: z.string(),
      network: z.string(),
      extra: z.record(z.string(), z.unknown()).nullish(),
    }),
  ),
  signers: z.record(z.string(), z.array(z.string())).nullish(),
});

export function openFacilitatorClient({
  url,
  token,
  steps,
  timeouts_ms = TIMEOUTS_MS,
}: FacilitatorClientOptions): FacilitatorClient {
  const base = url.replace(/\/+$/, '');
  const ask = (path: string, timeout_ms: number, body?: object, headers: Record<string, string> = {}) =>
    call(`${base}${path}`, {
      timeout_ms,
      headers: { accept: 'application/json', ...(token ? { authorization: `Bearer ${token}` } : {}), ...headers },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
  const pay = (path: string, timeout_ms: number, payment: FacilitatedPayment) =>
    ask(path, timeout_ms, facilitatorRequest(payment), { [ACCOUNT_HEADER]: payment.accountId });

  return {
    url: base,
    supported: step => steps(step, async () => readSupported(await ask('/supported', timeouts_ms.supported))),
    verify: (step, payment) => steps(step, async () => readVerified(await pay('/verify', timeouts_ms.verify, payment))),
    settle: (step, payment) => steps(step, async () => readSubmitted(await pay('/settle', timeouts_ms.settle, payment))),
  };
}

/** The body of `/verify` and `/settle`, x402 v2. */
export function facilitatorRequest({ wire, requirements }: Pick<FacilitatedPayment, 'wire' | 'requirements'>) {
  return {
    x402Version: 2,
    paymentPayload: { x402Version: 2, accepted: requirements, payload: { transaction: Buffer.from(wire).toString('base64') } },
    paymentRequirements: requirements,
  };
}

type Answer = { kind: 'json'; status: number; json: unknown } | { kind: 'unavailable'; message: string };

async function call(
  url: string,
  { timeout_ms, headers, body }: { timeout_ms: number; headers: Record<string, string>; body?: string },
): Promise<Answer> {
  try {
    const answer = await request(url, {
      method: body === undefined ? 'GET' : 'POST',
      headers: body === undefined ? headers : { ...headers, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body }),
      signal: AbortSignal.timeout(timeout_ms),
    });
    const text = await readLimited(answer.body);
    return { kind: 'json', status: answer.statusCode, json: JSON.parse(text) };
  } catch (error) {
    return { kind: 'unavailable', message: error instanceof Error ? error.message : String(error) };
  }
}

async function readLimited(body: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > MAX_ANSWER_BYTES) throw new Error('the answer is too long');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function readVerified(answer: Answer): Verified {
  if (answer.kind === 'unavailable') return answer;
  const read = VerifyAnswer.safeParse(answer.json);
  if (!read.success) return unreadable(answer.status);
  const { isValid, invalidReason, invalidMessage, payer } = read.data;
  if (isValid) return answer.status === 200 ? { kind: 'valid', payer: payer || null } : unreadable(answer.status);
  return {
    kind: 'invalid',
    reason: invalidReason || 'unexpected_verify_error',
    message: invalidMessage ?? null,
    payer: payer || null,
  };
}

function readSubmitted(answer: Answer): Submitted {
  if (answer.kind === 'unavailable') return { ...answer, signature: null };
  const read = SettleAnswer.safeParse(answer.json);
  if (!read.success) return { ...unreadable(answer.status), signature: null };
  const { success, errorReason, errorMessage, transaction } = read.data;
  if (success && transaction) return { kind: 'success', signature: transaction };
  return {
    kind: 'failed',
    reason: errorReason || 'unexpected_settle_error',
    message: errorMessage ?? null,
    signature: transaction || null,
  };
}

/** Fee payers that offers may name: those of the kinds we offer, and every other signer of the facilitator's. */
function readSupported(answer: Answer): Supported {
  if (answer.kind === 'unavailable') return answer;
  const read = SupportedAnswer.safeParse(answer.json);
  if (!read.success || answer.status !== 200) return unreadable(answer.status);
  const { kinds, signers } = read.data;
  const of = (network: Network): Address[] => {
    const named = kinds
      .filter(kind => kind.x402Version === 2 && kind.scheme === 'exact' && kind.network === CAIP2[network])
      .flatMap(kind => (typeof kind.extra?.feePayer === 'string' ? [kind.extra.feePayer] : []));
    if (named.length === 0) return [];
    const others = [...(signers?.['solana:*'] ?? []), ...(signers?.[CAIP2[network]] ?? [])];
    return [...new Set([...named, ...others])] as Address[];
  };
  return { kind: 'supported', feePayers: { 'solana-devnet': of('solana-devnet'), 'solana-mainnet': of('solana-mainnet') } };
}

const unreadable = (status: number) => ({
  kind: 'unavailable' as const,
  message: `the facilitator answered ${status} in no x402 shape`,
});
