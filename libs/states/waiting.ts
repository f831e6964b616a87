/** Everything a payment or refund can wait for. See DESIGN: "Nothing waits in silence". */
export const WAIT_REASONS = [
  'address',
  'approval',
  'signature',
  'send_delay',
  'insufficient_funds',
  'insufficient_allowance',
  'sponsor_short',
  'treasury_frozen',
  'destination_frozen',
  'mint_paused',
  'payment_unconfirmed',
  'not_yet_sent',
  'awaiting_confirmation',
  'outcome_unknown',
  'rpc_unavailable',
  'operator_hold',
  'payouts_paused',
  'attempts_exhausted',
] as const;
export type WaitReason = (typeof WAIT_REASONS)[number];

interface WaitRule {
  /** What ends the wait, in words for a person. */
  ends_when: string;
  /** Whether only a person ends it: then the object needs attention. */
  person: boolean;
  /** What a person can do meanwhile. */
  actions: readonly string[];
}

export const WAITS: Record<WaitReason, WaitRule> = {
  address: {
    ends_when: 'a destination is given, or its token account is there again',
    person: true,
    actions: ['redirect', 'retry', 'cancel'],
  },
  approval: { ends_when: 'another key approves or rejects it', person: true, actions: ['approve', 'reject', 'cancel'] },
  signature: {
    ends_when: 'the treasury owner signs and submits the prepared transaction',
    person: true,
    actions: ['submit', 'cancel'],
  },
  send_delay: { ends_when: 'the undo window has passed', person: false, actions: ['cancel'] },
  insufficient_funds: {
    ends_when: 'the treasury holds the amount, and it is this refund’s turn',
    person: true,
    actions: ['fund_treasury', 'cancel'],
  },
  insufficient_allowance: {
    ends_when: 'the owner approves a larger allowance',
    person: true,
    actions: ['raise_allowance', 'cancel'],
  },
  sponsor_short: { ends_when: 'the account that pays network fees holds SOL again', person: true, actions: ['fund_sponsor'] },
  treasury_frozen: { ends_when: 'the issuer thaws the treasury', person: true, actions: ['cancel'] },
  destination_frozen: {
    ends_when: 'the issuer thaws the destination, or another is given',
    person: true,
    actions: ['redirect', 'cancel'],
  },
  mint_paused: { ends_when: 'the issuer resumes the mint', person: true, actions: ['cancel'] },
  payment_unconfirmed: { ends_when: 'the payment is confirmed again, or proven gone', person: false, actions: [] },
  not_yet_sent: { ends_when: 'a worker takes it up', person: false, actions: ['cancel'] },
  awaiting_confirmation: { ends_when: 'the chain confirms the transaction', person: false, actions: [] },
  outcome_unknown: { ends_when: 'the chain shows the transaction, or it is proven dead', person: false, actions: [] },
  rpc_unavailable: { ends_when: 'an RPC provider answers again', person: false, actions: [] },
  operator_hold: { ends_when: 'an operator releases it', person: true, actions: ['release', 'cancel'] },
  payouts_paused: { ends_when: 'payouts are resumed', person: true, actions: ['resume_payouts', 'cancel'] },
  attempts_exhausted: { ends_when: 'an operator retries or resolves it', person: true, actions: ['retry', 'resolve', 'cancel'] },
};

/** The wire's `waiting`. */
export interface Waiting {
  reason: WaitReason;
  since: string;
  expires_at: string | null;
  ends_when: string;
  actions: string[];
}

/** How long a wait for a person lasts where the account has not said otherwise. */
export const PEOPLE_WAIT_DAYS = 90;
const DAY_MS = 86_400_000;

/** What nobody but a person can give: only these waits expire. */
const EXPIRING: ReadonlySet<WaitReason> = new Set(['address', 'approval', 'signature']);

/** Waits for `sponsor_short` that no SOL ends: the account has had its share of it. */
export const OVER_BUDGET = {
  ends_when: 'the account’s budget for network fees has room again, or is raised',
  actions: ['raise_fee_budget', 'cancel'],
} as const;

/** What else is known of a wait than its reason. */
interface MoreOfWait {
  /** How long the account lets people take; a wait that goes on keeps the end it had. */
  people_wait_days?: number;
  /** Says more than the reason does. */
  ends_when?: string | undefined;
  actions?: readonly string[] | undefined;
}

/** A wait that begins now; one that goes on for the same reason keeps its `since` and its end. */
export function waitFor(reason: WaitReason, now: Date, before: Waiting | null = null, more: MoreOfWait = {}): Waiting {
  const rule = WAITS[reason];
  const same = before?.reason === reason ? before : null;
  const days = more.people_wait_days ?? PEOPLE_WAIT_DAYS;
  const expires_at = EXPIRING.has(reason) ? new Date(now.getTime() + days * DAY_MS).toISOString() : null;
  return {
    reason,
    since: same?.since ?? now.toISOString(),
    expires_at: same?.expires_at ?? expires_at,
    ends_when: more.ends_when ?? rule.ends_when,
    actions: [...(more.actions ?? rule.actions)],
  };
}

/** Whether a wait for a person has lasted as long as it may. */
export const isOver = (waiting: Waiting, now: Date): boolean =>
  waiting.expires_at !== null && new Date(waiting.expires_at) <= now;

export const needsPerson = (waiting: Waiting | null): boolean => waiting !== null && WAITS[waiting.reason].person;
