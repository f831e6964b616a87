/** What a key may do. `area:act`; a key may only mint keys within its own scopes. */
export const SCOPES = [
  'payment_links:read',
  'payment_links:write',
  'payments:read',
  'refunds:read',
  'refunds:write',
  'refunds:redirect',
  'refunds:approve',
  'refunds:operate',
  'cashback:read',
  'cashback:write',
  'webhooks:read',
  'webhooks:write',
  'agents:read',
  'agents:write',
  'treasury:read',
  'treasury:prepare',
  'receipts:read',
  'metrics:read',
  'billing:read',
  'keys:read',
  'keys:write',
  'reconciliation:read',
  'reconciliation:write',
  'books:close',
  'exports:read',
  'events:read',
  'account:read',
  'account:write',
  'audit:read',
] as const;

export type Scope = (typeof SCOPES)[number];

export const isScope = (text: string): text is Scope => (SCOPES as readonly string[]).includes(text);
