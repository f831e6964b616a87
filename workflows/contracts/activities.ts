import type {
  ActOutcome,
  FailedSettlement,
  LandedLeg,
  LandedPayment,
  Lookout,
  PayOutcome,
  RefundEnd,
  Run,
  SettleOutcome,
} from '#libs/states/outcomes';
import type { Pace } from '#libs/states/pace';
import type { WaitReason } from '#libs/states/waiting';
import type { RefundOutcome, RefundUpdate } from './refund.ts';

/** What workflows ask of the world. How each may be repeated stands where it is written (activities/). */
export type Activities = {
  settle(input: { payment_id: string; run: Run; pace: Pace }): Promise<SettleOutcome>;
  recordSettlement(input: { payment_id: string; run: Run; landed: LandedPayment }): Promise<{ status: string }>;
  failSettlement(input: {
    payment_id: string;
    run: Run;
    why: { kind: 'refused' | 'dead'; code: string; message: string };
  }): Promise<FailedSettlement>;
  payLeg(input: { leg_id: string; refund_id: string; run: Run; pace: Pace }): Promise<PayOutcome>;
  postLeg(input: { leg_id: string; refund_id: string; run: Run; landed: LandedLeg }): Promise<RefundOutcome>;
  endRefund(input: { refund_id: string; run: Run }): Promise<RefundEnd>;
  act(input: { kind: RefundUpdate; refund_id: string; update_id: string; arguments: unknown; run: Run }): Promise<ActOutcome>;
  openTreasury(input: {
    treasury_id: string;
    run: Run;
    pace: Pace;
  }): Promise<{ kind: 'opened' } | { kind: 'waiting'; reason: WaitReason; since: string }>;
  watchTreasury(input: { treasury_id: string; mint: string; run: Run; pace: Pace }): Promise<Lookout>;
  watchSponsor(input: { network: string; run: Run; pace: Pace }): Promise<Lookout>;
  scanTreasuries(input: { pace: Pace }): Promise<{ booked: number }>;
  watchFinality(input: { pace: Pace }): Promise<{ finalized: number; gone: number }>;
  restartOverdue(input: { pace: Pace }): Promise<{ restarted: number }>;
};
