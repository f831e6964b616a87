import { existsSync, readFileSync } from 'node:fs';
import { PROBLEM_CODES, type ProblemCode } from '#libs/problems/catalogue';
import { PAYMENT_STATUSES } from '#libs/states/payment';
import { REFUND_STATUSES, type RefundStatus } from '#libs/states/refund';
import { WAIT_REASONS, type WaitReason } from '#libs/states/waiting';
import { STEPS } from '#libs/steps/registry';

/*
 * Given the file in which a test run noted the steps its processes reached and what its API showed: fails, naming them,
 * where a step was reached by no test (nobody has looked what a death there does), or a state, a wait, a failure or a refusal
 * was shown in none. What is named ahead of its feature is listed here, and must leave the list once it is there.
 */

const LATER: { refunds: readonly RefundStatus[]; waits: readonly WaitReason[]; problems: readonly ProblemCode[] } = {
  refunds: ['requires_approval', 'requires_signature'],
  waits: ['approval', 'signature', 'send_delay', 'insufficient_allowance', 'operator_hold', 'payouts_paused'],
  problems: [
    ...(['approver_is_requester', 'code_used', 'limit_per_hour', 'limit_per_refund'] as const),
    ...(['amount_too_small', 'refund_in_flight'] as const),
    ...(['cashback_already_granted', 'cashback_not_found', 'cashback_zero', 'no_cashback_rule'] as const),
    ...(['api_key_not_found', 'event_not_found', 'invoice_not_found', 'webhook_not_found', 'answer_not_kept'] as const),
  ],
};

/** What a refund can fail of: a wait that an operator may give up, and what ends it by itself. */
const FAILURES = [
  ...(['address', 'insufficient_funds', 'sponsor_short', 'treasury_frozen', 'destination_frozen', 'mint_paused'] as const),
  ...(['attempts_exhausted', 'expired', 'payment_reversed'] as const),
] satisfies (WaitReason | 'expired' | 'payment_reversed')[];

const [file] = process.argv.slice(2);
if (file === undefined) throw new Error('which file? EBB_STEP_FILE of the run');
const reached = new Set(existsSync(file) ? readFileSync(file, 'utf8').split('\n') : []);

const faults = [
  ...judge('step', Object.keys(STEPS), [], ''),
  ...judge('state of payments', PAYMENT_STATUSES, [], '=payment '),
  ...judge('state of refunds', REFUND_STATUSES, LATER.refunds, '=refund '),
  ...judge('wait', WAIT_REASONS, LATER.waits, '=wait '),
  ...judge('failure of refunds', FAILURES, [], '=failure '),
  ...judge('refusal', PROBLEM_CODES, LATER.problems, '=problem '),
];
if (faults.length > 0) {
  process.stderr.write(`${faults.join('\n')}\n`);
  process.exit(1);
}
process.stdout.write(
  `every one of ${Object.keys(STEPS).length} steps was reached, every state, wait, failure and refusal was seen\n`,
);

function judge(what: string, all: readonly string[], later: readonly string[], mark: string): string[] {
  const missed = all.filter(name => !later.includes(name) && !reached.has(mark + name));
  const early = later.filter(name => reached.has(mark + name));
  return [
    ...(missed.length > 0 ? [`no test shows this ${what}: ${missed.join(', ')}`] : []),
    ...(early.length > 0 ? [`no longer to come later, this ${what}: ${early.join(', ')}`] : []),
  ];
}
