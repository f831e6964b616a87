import { createHmac, timingSafeEqual } from 'node:crypto';

/** The buyer's unguessable handle on a payment: its id, sealed under the server key `status`. It writes no row. */
export function statusToken(key: Buffer, paymentId: string): string {
  return `${paymentId}.${seal(key, paymentId).toString('base64url')}`;
}

/** The payment a token was made for, or null. */
export function readStatusToken(key: Buffer, token: string): string | null {
  const [paymentId = '', mac = ''] = token.split('.', 2);
  const ours = seal(key, paymentId);
  const theirs = Buffer.from(mac, 'base64url');
  return theirs.length === ours.length && timingSafeEqual(ours, theirs) ? paymentId : null;
}

const seal = (key: Buffer, paymentId: string): Buffer => createHmac('sha256', key).update(paymentId).digest().subarray(0, 18);
