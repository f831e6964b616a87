import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Stack, startStack } from '#apps/dev/stack';
import type { PaymentView } from '#libs/payments/view';
import type { Step } from '#libs/steps/registry';
import { eventually } from '#test/support/eventually';
import { clearFaults, inject, jump, PAST_EXPIRY } from '#test/support/faults';
import { violations } from '#test/support/invariants';
import { stepFile, stepLines } from '#test/support/kills';
import { TEST_PACE } from '#test/support/pace';
import { settledBy, show, signProof } from '#test/support/proofs';
import { refundsOnChain } from '#test/support/refunds-on-chain';
import { served } from '#test/support/served';
import { openShop, type Shop } from '#test/support/shop';
import { rows } from '#test/support/sql';
import { neverAgain, vanish } from '#test/support/vanishing';

/** Where a worker stands still while another carries on: before it stores, sends, marks or posts. */
const REFUNDING = ['refund.store', 'refund.sign', 'refund.send', 'refund.post'] as const;
const SETTLING = ['settle.mark', 'settle.submit', 'settle.record'] as const;
const PRICE = 100_000n;
const AMOUNT = 1_000n;
/** Slots long enough that no transaction expires while a process starts again on a busy machine. */
const SLOT_MS = 200;

let stack: Stack;
let shop: Shop;
let payment: PaymentView;

beforeAll(async () => {
  stack = await startStack({ env: TEST_PACE, slotMs: SLOT_MS });
  shop = await openShop(stack);
  payment = await shop.paid();
  await stack.add('worker-2');
  await stack.part('worker-2').kill();
});
afterAll(() => stack?.stop());

for (const step of REFUNDING) {
  test(`I2: a worker that stalls before "${step}" while another pays the refund does not pay it again`, async () => {
    const before = await shop.buyer.balance();
    const purse = await shop.buyer.tokenAccount();
    await startToStall(step);

    const refund = await shop.accepted(payment.id, AMOUNT);
    await stalled(step);
    await stack.part('worker-2').start();
    const ended = await shop.refundIs(refund, 'succeeded');

    await wakeAlone();
    const next = await shop.accepted(payment.id, AMOUNT);
    await shop.refundIs(next, 'succeeded');

    expect(await shop.refundIs(refund, 'succeeded')).toMatchObject({ tx_sig: ended.tx_sig, moved_atomic: `${AMOUNT}` });
    expect(await refundsOnChain(stack, purse, refund)).toEqual([ended.tx_sig]);
    expect(await attemptsOf(refund)).toEqual([{ signature: ended.tx_sig, outcome: 'landed' }]);
    expect((await shop.buyer.balance()) - before).toBe(2n * AMOUNT);
    expect(await violations(stack)).toEqual([]);
  });
}

test('I2: a worker that stalled before "refund.store" and wakes while the attempt of another is in flight signs nothing anew', async () => {
  const before = await shop.buyer.balance();
  await inject(stack, { kind: 'never_land', method: 'sendTransaction' });
  await startToStall('refund.store');

  const refund = await shop.accepted(payment.id, AMOUNT);
  await stalled('refund.store');
  await stack.part('worker-2').start();
  await eventually('the other has stored its attempt', async () => (await attemptsOf(refund)).length > 0);
  void stack.part('worker').kill('SIGCONT');
  await eventually('the zombie has gone on', async () => {
    const said = stack.part('worker').logs(200).split('\n');
    return said.some(line => line.includes(refund) && line.includes('refund signed and stored'));
  });
  await clearFaults(stack);

  const ended = await shop.refundIs(refund, 'succeeded');
  expect(await attemptsOf(refund)).toEqual([{ signature: ended.tx_sig, outcome: 'landed' }]);
  expect(await refundsOnChain(stack, await shop.buyer.tokenAccount(), refund)).toEqual([ended.tx_sig]);
  expect((await shop.buyer.balance()) - before).toBe(AMOUNT);
  expect(await violations(stack)).toEqual([]);
});

test('I2 I4: a worker that saw a refund land and stalled, until that was lost, taken back and paid again, posts none of it', async () => {
  const before = await shop.buyer.balance();
  const purse = await shop.buyer.tokenAccount();
  await startToStall('refund.post');
  await vanish(shop);
  const refund = await shop.accepted(payment.id, AMOUNT);
  await stalled('refund.post');
  await stack.part('worker-2').start();
  const lost = await shop.refundIs(refund, 'succeeded');
  await neverAgain(shop, lost.tx_sig ?? '');
  await shop.refundIs(refund, 'processing');
  await jump(stack, PAST_EXPIRY);
  const paid = await shop.refundIs(refund, 'succeeded');
  expect(paid.tx_sig).not.toBe(lost.tx_sig);

  await wakeAlone();
  await clearFaults(stack);
  const next = await shop.accepted(payment.id, AMOUNT);
  await shop.refundIs(next, 'succeeded');

  expect(await shop.refundIs(refund, 'succeeded')).toMatchObject({ tx_sig: paid.tx_sig, moved_atomic: `${AMOUNT}` });
  expect(await refundsOnChain(stack, purse, refund)).toEqual([paid.tx_sig]);
  expect((await shop.buyer.balance()) - before).toBe(2n * AMOUNT);
  const kinds = await rows(stack, 'select kind from receipts where refund_id = $1 order by nonce', [refund]);
  expect(kinds).toEqual([{ kind: 'refund' }, { kind: 'reversal' }, { kind: 'refund' }]);
  expect(await violations(stack)).toEqual([]);
});

for (const step of SETTLING) {
  test(`I2: a worker that stalls before "${step}" while another settles takes the money once`, async () => {
    const before = await shop.buyer.balance();
    await startToStall(step);
    const proof = await signProof(shop);

    const answering = show(proof, shop.payUrl);
    await stalled(step);
    await stack.part('worker-2').start();
    const answer = await served(proof, shop.payUrl, answering);
    expect(answer.body).toEqual({ ok: true });

    await wakeAlone();
    await shop.paid();

    expect(await shop.paymentBySignature(settledBy(answer))).toMatchObject({ status: 'settled', amount_atomic: `${PRICE}` });
    const outcomes = await rows(stack, `select from events where kind = 'payment.settled' and tx_sig = $1`, [settledBy(answer)]);
    expect(outcomes).toHaveLength(1);
    expect(before - (await shop.buyer.balance())).toBe(2n * PRICE);
    expect(await violations(stack)).toEqual([]);
  });
}

/** The only worker, which will stand still at the step. */
async function startToStall(step: Step): Promise<void> {
  for (const name of ['worker', 'worker-2'] as const) if (stack.part(name).running) await stack.part(name).kill();
  await stack.part('worker').start({ EBB_STEP_FILE: stepFile(stack), EBB_STEP_FAULT: `${step}:stall` });
}

const stalled = (step: Step) =>
  eventually(`the worker stands still at ${step}`, async () =>
    stepLines(stack).includes(`!${step}:stall ${stack.part('worker').pid}`),
  );

/** Lets the zombie go on where it stood; whatever is asked for next, it does, the other worker being gone. */
async function wakeAlone(): Promise<void> {
  await stack.part('worker-2').kill();
  void stack.part('worker').kill('SIGCONT');
}

const attemptsOf = (refund: string) =>
  rows(
    stack,
    `select signature, outcome from attempts join attempt_legs on attempt_id = attempts.id join legs on legs.id = leg_id
     where refund_id = $1`,
    [refund],
  );
