import { type Cause, edgeOf } from './cause.ts';

export const REFUND_STATUSES = [
  'requires_address',
  'requires_approval',
  'requires_signature',
  'pending',
  'processing',
  'succeeded',
  'partially_succeeded',
  'failed',
  'canceled',
] as const;
export type RefundStatus = (typeof REFUND_STATUSES)[number];

export interface RefundEdge {
  from: RefundStatus | 'created';
  to: RefundStatus;
  by: readonly Cause[];
  event: `refund.${string}`;
}

const edge = (
  from: RefundEdge['from'],
  to: RefundStatus,
  by: readonly Cause[],
  event: RefundEdge['event'] = `refund.${to}`,
): RefundEdge => ({
  from,
  to,
  by,
  event,
});

const REQUIRED = ['requires_address', 'requires_approval', 'requires_signature'] as const;

/** Every edge there is; anything else is a defect that alarms. Same to same is no edge and does nothing. */
export const REFUND_EDGES: readonly RefundEdge[] = [
  edge('created', 'pending', ['caller', 'operator'], 'refund.created'),
  ...REQUIRED.map(to => edge('created', to, ['caller', 'operator'], 'refund.created')),
  ...REQUIRED.flatMap(one => [
    edge(one, 'pending', ['caller', 'carrier', 'operator']),
    edge('pending', one, ['carrier']),
    edge(one, 'canceled', ['caller', 'operator']),
    edge(one, 'failed', ['carrier', 'operator']),
    // The chain has moved it, whatever it waited for (someone else's transaction, say): the chain's word counts.
    // And one of its legs that had moved may be gone again.
    edge(one, 'processing', ['carrier', 'operator', 'finality']),
    edge(one, 'succeeded', ['carrier', 'operator']),
    // A leg has moved before; the rest is given back:
    edge(one, 'partially_succeeded', ['caller', 'carrier', 'operator']),
  ]),
  edge('pending', 'succeeded', ['carrier', 'operator']),
  edge('pending', 'processing', ['carrier', 'operator', 'finality']),
  edge('pending', 'canceled', ['caller', 'operator']),
  edge('pending', 'failed', ['carrier', 'operator']),
  edge('pending', 'partially_succeeded', ['caller', 'carrier', 'operator']),
  // From here on with every attempt of the open legs proven dead:
  edge('processing', 'requires_address', ['carrier']),
  edge('processing', 'requires_signature', ['carrier']),
  edge('processing', 'pending', ['caller', 'carrier', 'operator']),
  edge('processing', 'canceled', ['caller', 'operator']),
  edge('processing', 'failed', ['carrier', 'operator']),
  edge('processing', 'partially_succeeded', ['caller', 'carrier', 'operator']),
  // All legs landed:
  edge('processing', 'succeeded', ['carrier', 'operator']),
  // A confirmed transaction is gone:
  edge('succeeded', 'processing', ['finality'], 'refund.reopened'),
  edge('partially_succeeded', 'processing', ['finality'], 'refund.reopened'),
];

export const REFUND_TERMINAL: ReadonlySet<RefundStatus> = new Set(['succeeded', 'partially_succeeded', 'failed', 'canceled']);

/** See `edgeOf`. */
export const refundEdge = (from: RefundStatus | 'created', to: RefundStatus, causes: readonly Cause[]): RefundEdge | null =>
  edgeOf('refund', REFUND_EDGES, { from, to, causes });
