import type { FastifyReply, FastifyRequest } from 'fastify';
import type { PaywallAnswer } from './answer.ts';
import type { Call } from './paywall.ts';

/** A request as the paywall reads it. */
export function callOf(request: FastifyRequest): Call {
  const { id } = request.params as { id: string };
  const { network } = request.query as { network?: unknown };
  return {
    slug: id,
    method: request.method,
    path: request.url,
    network,
    paymentSignature: text(request.headers['payment-signature']),
    xPayment: text(request.headers['x-payment']),
    body: Buffer.isBuffer(request.body) ? request.body : null,
    clientReference: referenceOf(text(request.headers['x-ebb-client-reference'])),
  };
}

export const send = (reply: FastifyReply, { status, headers, body }: PaywallAnswer): FastifyReply =>
  reply.code(status).headers(headers).send(body);

/** A buyer's reference is a courtesy: one that cannot be kept is no reason to refuse their money. */
const referenceOf = (value: string | undefined): string | null =>
  value !== undefined && /^[\x20-\x7e]{1,256}$/.test(value) ? value : null;

const text = (value: string | string[] | undefined): string | undefined => (Array.isArray(value) ? value[0] : value);
