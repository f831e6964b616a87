import { randomUUID } from 'node:crypto';
import type { Buyer } from './buyers.ts';
import type { Amount, Command } from './command.ts';
import type { Answer } from './http.ts';
import type { Claim } from './reckoning.ts';
import { must } from './violation.ts';
import { type Asked, call, choose, type Payment, type World } from './world.ts';

interface Wish {
  amount: Amount;
  by: 'payment_id' | 'original_tx_sig' | 'original_receipt_hash';
  external: boolean;
  expect: boolean;
  to: number | null;
  /** In thousandths of the amount. */
  fee: number | null;
}

const U64 = 2n ** 64n;

/** Asks for one refund and judges the answer by the sums alone. */
export async function refund(world: World, wish: Extract<Command, { kind: 'refund' }>): Promise<string> {
  const payment = choose(world.payments, wish.pick);
  return payment ? request(world, payment, wish) : 'nothing paid yet';
}

/** Several at once against one payment: together they never get more than it has. */
export async function race(world: World, { pick, amounts }: Extract<Command, { kind: 'race' }>): Promise<string> {
  const payment = choose(world.payments, pick);
  if (!payment) return 'nothing paid yet';
  const wishes = amounts.map(amount => ({
    amount,
    by: 'payment_id' as const,
    external: false,
    expect: false,
    to: null,
    fee: null,
  }));
  return (await Promise.all(wishes.map(wish => request(world, payment, wish)))).join('; ');
}

async function request(world: World, payment: Payment, wish: Wish): Promise<string> {
  const { sums } = payment;
  const text = amountText(payment, wish.amount);
  const reference =
    wish.by === 'original_receipt_hash' && payment.receiptHash
      ? { original_receipt_hash: payment.receiptHash }
      : wish.by === 'original_tx_sig'
        ? { original_tx_sig: payment.signature }
        : { payment_id: payment.id };
  const externalId = wish.external ? randomUUID() : null;
  const key = wish.external ? null : randomUUID();
  const expected = wish.expect ? sums.captured - sums.atMost(performance.now()) : null;
  const to = (wish.to === null ? undefined : choose(world.buyers, wish.to)) ?? payment.order.buyer;
  const digits = text === null || /^[0-9]+$/.test(text);
  const fee = text === null || !digits || wish.fee === null ? 0n : (BigInt(text) * BigInt(wish.fee)) / 1_000n;
  const body: Asked['body'] = {
    ...reference,
    ...(text === null ? {} : { amount_atomic: text }),
    ...(externalId === null ? {} : { external_id: externalId }),
    ...(expected === null ? {} : { expected_refundable_atomic: String(expected) }),
    ...(wish.to === null ? {} : { destination: { owner: to.address } }),
    ...(fee === 0n ? {} : { fee: { amount_atomic: String(fee) } }),
  };
  const claim = sums.begin(text === null ? null : digits ? BigInt(text) : 0n);
  const answer = await call(world, 'POST', '/v1/payments/refund', body, key);
  claim.ended = performance.now();
  if (answer.status === 201 || (answer.status === 200 && externalId !== null && answer.lost)) {
    return accepted(world, payment, claim, { key, externalId, body, to, fee }, answer);
  }
  claim.state = 'refused';
  const gone = world.vanished > 0 && digits && answer.body.code === 'payment_not_settled';
  if (!gone) judgeRefusal(payment, claim, { digits, rest: text === null, expected, fee }, answer);
  return `${payment.id} ${text ?? 'rest'}: ${answer.body.code}`;
}

/** An amount in atoms as it is asked for; null where none is named. */
export function amountText({ sums }: Payment, amount: Amount): string | null {
  const left = sums.captured - sums.held;
  switch (amount.of) {
    case 'rest':
      return null;
    case 'part': {
      const part = (sums.captured * BigInt(amount.permille)) / 1_000n;
      return String(part > 0n ? part : 1n);
    }
    case 'over':
      return String(left + BigInt(amount.by));
    case 'zero':
      return '0';
    case 'huge':
      return String(U64);
    case 'word':
      return amount.text;
  }
}

function accepted(
  world: World,
  payment: Payment,
  claim: Claim,
  { to, fee, ...asked }: Pick<Asked, 'key' | 'externalId' | 'body'> & { to: Buyer; fee: bigint },
  { body: answer }: Answer,
): string {
  const { sums } = payment;
  const { id } = answer;
  const amount = BigInt(answer.amount_atomic ?? '-1');
  const free = sums.captured - sums.atLeast(claim.began);
  must(id !== undefined && !world.refunds.has(id), () => `one refund is the answer to two requests: ${id}`);
  must(claim.amount === null || claim.amount === amount, () => `${id} is of ${amount}, ${claim.amount} was asked for`);
  must(amount > 0n && amount <= free, () => `I1: ${id} of ${amount} was accepted, at most ${free} was left of ${payment.id}`);
  must(answer.payer_receives_atomic === String(amount - fee), () => `${id} of ${amount} pays ${answer.payer_receives_atomic}`);
  must(answer.destination?.owner === to.address, () => `${id} goes to ${answer.destination?.owner}, not to ${to.address}`);
  claim.amount = amount;
  claim.state = 'accepted';
  must(sums.held <= sums.captured, () => `I1: ${payment.id} gives back ${sums.held} of ${sums.captured}`);
  const refund = {
    id,
    payment,
    amount,
    fee,
    claim,
    to,
    whom: new Set([to]),
    redirecting: false,
    unmoved: null,
    moved: [],
    ended: null,
  };
  world.refunds.set(id, refund);
  world.asked.push({ ...asked, refund, answer });
  return `${payment.id} ${amount}: ${id}`;
}

/** A refusal must be true: its numbers within what the balance can have been meanwhile, and too small for the request. */
function judgeRefusal({ id, sums }: Payment, claim: Claim, asked: Judged, { status, body }: Answer): void {
  const most = sums.captured - sums.atLeast(claim.began);
  const least = sums.captured - sums.atMost(claim.began, claim);
  const told = `${asked.rest ? 'the rest' : claim.amount} of ${id} (${least} to ${most} left)`;
  const fits = refusalFits(`${status} ${body.code}`, { least, most, captured: sums.captured, wanted: claim.amount }, asked, body);
  must(fits, () => `a refund of ${told} was refused: ${status} ${JSON.stringify(body)}`);
}

interface Judged {
  digits: boolean;
  rest: boolean;
  expected: bigint | null;
  fee: bigint;
}

function refusalFits(
  code: string,
  sums: { least: bigint; most: bigint; captured: bigint; wanted: bigint | null },
  asked: Judged,
  body: Answer['body'],
): boolean {
  const left = BigInt(body.refundable_atomic ?? '-1');
  const within = left >= sums.least && left <= sums.most;
  switch (code) {
    case '400 invalid_request':
      return !asked.digits;
    case '422 amount_not_positive':
      return asked.digits && sums.wanted === 0n;
    case '422 refund_exceeds_remaining':
      return asked.digits && within && (sums.wanted === null ? left === 0n : sums.wanted > left);
    case '409 payment_already_refunded':
      return sums.least === 0n && left === 0n && body.refunded_atomic === String(sums.captured);
    case '422 fee_not_below_amount':
      return sums.wanted !== null && asked.fee >= sums.wanted;
    case '409 balance_changed':
      return within && asked.expected !== null && left !== asked.expected;
    default:
      return false;
  }
}

/** The same key again: the first answer again, or a refusal of another content. Nothing moves. */
export async function repeat(world: World, { pick, same }: Extract<Command, { kind: 'repeat' }>): Promise<string> {
  const asked = choose(
    world.asked.filter(one => one.key !== null),
    pick,
  );
  if (!asked) return 'nothing asked yet';
  const body = same ? asked.body : { ...asked.body, reason_text: 'another' };
  const answer = await call(world, 'POST', '/v1/refunds', body, asked.key);
  const told = `${asked.refund.id}: ${answer.status} ${answer.body.code ?? ''}`;
  if (same) {
    const replayed = answer.status === 201 && answer.headers.get('idempotent-replayed') === 'true';
    must(replayed, () => `the same key again was answered ${told}`);
    must(JSON.stringify(answer.body) === JSON.stringify(asked.answer), () => `the same key got another answer: ${told}`);
  } else {
    must(answer.status === 409 && answer.body.code === 'idempotency_body_mismatch', () => `another body was answered ${told}`);
  }
  return told;
}

/** A known `external_id` under a new key: the refund as it is now, or a refusal of another content. */
export async function repeatExternal(world: World, { pick, same }: Extract<Command, { kind: 'repeat_external' }>) {
  const asked = choose(
    world.asked.filter(one => one.externalId !== null),
    pick,
  );
  if (!asked) return 'nothing asked yet';
  const body = same ? asked.body : { ...asked.body, reason_text: 'another' };
  const answer = await call(world, 'POST', '/v1/payments/refund', body, randomUUID());
  const told = `${asked.refund.id}: ${answer.status} ${answer.body.code ?? ''}`;
  if (same) must(answer.status === 200 && answer.body.id === asked.refund.id, () => `a known external_id was answered ${told}`);
  else must(answer.status === 409 && answer.body.code === 'external_id_conflict', () => `another content was answered ${told}`);
  return told;
}
