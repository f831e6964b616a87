/** An answer of the paywall, ready for the wire. */
export interface PaywallAnswer {
  status: number;
  headers: Record<string, string>;
  body: Buffer | object;
}

const PAYMENT_HEADERS = ['PAYMENT-REQUIRED', 'PAYMENT-RESPONSE', 'X-PAYMENT-RESPONSE', 'WWW-Authenticate', 'Payment-Receipt'];

/** Buyers in browsers come from anywhere, and must be able to read and send what pays. */
export const CORS: Record<string, string> = {
  'access-control-allow-origin': '*',
  'access-control-expose-headers': [
    ...PAYMENT_HEADERS,
    'X-Ebb-Status',
    'X-Ebb-Refund',
    'X-Request-Id',
    'Idempotent-Replayed',
    'Retry-After',
    'Allow',
  ].join(', '),
};

/** The answer to a browser that asks first. */
export const PREFLIGHT: Record<string, string> = {
  'access-control-allow-methods': 'GET, POST, PUT, PATCH, DELETE, OPTIONS',
  'access-control-allow-headers':
    'PAYMENT-SIGNATURE, X-PAYMENT, Authorization, Content-Type, Accept, X-Ebb-Client-Reference, Access-Control-Expose-Headers',
  'access-control-max-age': '600',
};
