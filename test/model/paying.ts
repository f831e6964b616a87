import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from './command.ts';
import { type Answer, ask } from './http.ts';
import { Reckoning } from './reckoning.ts';
import { must, Violation } from './violation.ts';
import { choose, type Order, type World } from './world.ts';

const SETTLED_WITHIN_MS = 180_000;
const PAUSE_MS = 500;

const url = (world: World, order: Pick<Order, 'link'>): string =>
  `${world.stack.urls.api}/x/${order.link.slug}?network=solana-devnet`;

const show = (world: World, order: Order): Promise<Answer> => ask(url(world, order), { method: 'GET', headers: order.proof });

/** Signs an offer and shows the proof, `shows` times at once, until it is known what became of it: one payment, or none. */
export async function pay(world: World, { buyer: who, link: which, shows }: Extract<Command, { kind: 'pay' }>): Promise<string> {
  const [buyer, link] = [choose(world.buyers, who), choose(world.links, which)];
  if (!buyer || !link) throw new Error('nobody to pay, or nothing to pay for');
  const order: Order = { buyer, link, proof: await buyer.sign(url(world, { link })), outcome: 'open' };
  world.orders.push(order);
  const ends = await Promise.all(Array.from({ length: shows }, () => untilKnown(world, order)));
  const served = ends.filter(one => one.status === 200);
  const one = served.length === 0 || served.length === shows || world.vanished > 0;
  must(one, () => `I9: one proof was settled and refused: ${ends.map(told)}`);
  const [first] = served;
  if (!first) {
    order.outcome = 'refused';
    return `refused: ${ends.map(told)}`;
  }
  order.outcome = 'settled';
  return settled(world, order, first);
}

/** Shows the proof until the answer is final. Only 402 says that nothing was paid; 202 and 409 never make a buyer pay again. */
async function untilKnown(world: World, order: Order): Promise<Answer> {
  const end = performance.now() + SETTLED_WITHIN_MS;
  while (true) {
    const answer = await show(world, order);
    const pending = answer.status === 202 || (answer.status === 409 && answer.body.code === 'settlement_in_progress');
    if (!pending) {
      must(answer.status === 200 || answer.status === 402, () => `a good proof was answered ${told(answer)}`);
      return answer;
    }
    if (performance.now() > end) throw new Violation(`I7: a proof is still ${told(answer)} after ${SETTLED_WITHIN_MS} ms`);
    await sleep(PAUSE_MS);
  }
}

async function settled(world: World, order: Order, answer: Answer): Promise<string> {
  const status = await ask(answer.headers.get('x-ebb-status') ?? '', { method: 'GET', headers: {} });
  const { payment } = status.body;
  must(status.status === 200 && payment !== undefined, () => `the status of a payment was answered ${told(status)}`);
  const { id, tx_sig: signature, amount_atomic: amount } = payment;
  must(amount === String(order.link.price), () => `${id} captured ${amount}, the price was ${order.link.price}`);
  must(id !== undefined && !!signature, () => `a served payment has no id or no signature: ${JSON.stringify(payment)}`);
  must(!world.payments.some(one => one.id === id), () => `I9: two proofs are one payment: ${id}`);
  world.payments.push({ id, signature, receiptHash: null, order, sums: new Reckoning(order.link.price), reversed: false });
  return `settled ${id}`;
}

/** An old proof with its secret gets the same answer again, or is told that the money went back; it never pays again. */
export async function showAgain(world: World, { pick }: Extract<Command, { kind: 'show_again' }>): Promise<string> {
  const payment = choose(world.payments, pick);
  if (!payment) return 'nothing paid yet';
  const began = performance.now();
  const answer = await show(world, payment.order);
  const { sums, signature } = payment;
  if (answer.status === 200) {
    const { transaction } = JSON.parse(Buffer.from(answer.headers.get('payment-response') ?? '', 'base64').toString());
    must(transaction === signature, () => `I9: the proof of ${payment.id} was answered with ${transaction}`);
    must(answer.headers.get('idempotent-replayed') === 'true', () => `I9: the proof of ${payment.id} was served twice as new`);
    const all = sums.atLeast(began) === sums.captured;
    must(!all || payment.reversed || world.vanished > 0, () => `all of ${payment.id} was given back, and its proof is served`);
  } else {
    const refunded = answer.status === 409 && answer.body.code === 'payment_refunded' && sums.atMost(began) === sums.captured;
    must(refunded || isGone(world, answer), () => `the proof of ${payment.id} was answered ${told(answer)}`);
  }
  return `${payment.id}: ${answer.status}`;
}

/** What only the proof of a payment that is gone from the chain, for now or for good, is answered. */
const isGone = (world: World, { status, body }: Answer): boolean =>
  world.vanished > 0 && (status === 402 || status === 202 || (status === 409 && body.code === 'settlement_in_progress'));

const told = (answer: Answer): string => `${answer.status} ${JSON.stringify(answer.body).slice(0, 300)}`;
