import type { WaitReason } from './waiting.ts';

/** Which run of which workflow speaks: every write of a carrier says who it is, and how a run ended is kept. */
export interface Run {
  workflow_id: string;
  run_id: string;
  started_at: string;
}

/** What the chain said of a settled payment: everything *record* needs, so that it asks no chain. */
export interface LandedPayment {
  tx_sig: string;
  slot: string;
  block_time: string;
  captured_atomic: string;
  fee_lamports: string;
  /** Null where it cannot be told who paid: refunds then need an address. */
  payer: { owner: string; token_account: string; how: string } | null;
}

export type SettleOutcome =
  | { kind: 'landed'; landed: LandedPayment }
  /** Not accepted before anything was submitted. */
  | { kind: 'refused'; code: string; message: string }
  /** Submitted, and proven never to land. */
  | { kind: 'dead'; code: string; message: string }
  | { kind: 'waiting'; reason: WaitReason; since: string; attention?: boolean }
  /** The row is at its end already, or another carries it. */
  | { kind: 'done'; status: string };

/** What came of ending a payment without money; `waiting` where refunds of it must end first. */
export interface FailedSettlement {
  status: string;
  waiting?: { reason: WaitReason; since: string };
}

/** What the chain said of a landed leg: everything *post* needs. */
export interface LandedLeg {
  attempt_id: string;
  tx_sig: string;
  slot: string;
  block_time: string;
  fee_lamports: string;
  /** What the fee payer paid beside it; null, or left out by an older build, where the chain did not say. */
  rent_lamports?: string | null;
}

export type PayOutcome =
  | { kind: 'landed'; landed: LandedLeg }
  | { kind: 'posted' }
  /** Given back to the payment: nothing is to be paid for this leg. */
  | { kind: 'voided' }
  | {
      kind: 'waiting';
      reason: WaitReason;
      since: string;
      person: boolean;
      status: string;
      tx_sig: string | null;
      ends_when?: string;
      /** Only a person ends it, until then. */
      expires_at?: string;
    }
  /** The refund is at its end, or another carries it. */
  | { kind: 'stopped'; status: string };

/** How a refund stands when its carrier finds nothing left to do. */
export type RefundEnd =
  | { kind: 'ended'; status: string; tx_sig: string | null; failure: string | null }
  /** It is not at its end, and no one else carries it. */
  | { kind: 'open' };

/** What an act sent to a workflow came to; a refusal is an answer, not a defect. */
export type ActOutcome = { kind: 'done'; status: string } | { kind: 'refused'; code: string; message: string };

/** What a watcher of money that refunds wait for has to say. */
export type Lookout =
  /** Nobody waits any more. */
  | { kind: 'idle' }
  | { kind: 'short'; since: string; waiting: number; needed_atomic: string; available_atomic: string }
  | { kind: 'blocked'; reason: WaitReason; since: string };
