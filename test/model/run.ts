import { setTimeout as sleep } from 'node:timers/promises';
import { startStack } from '#apps/dev/stack';
import { TEST_PACE } from '#test/support/pace';
import { cancel, giveUp, redirect, retry } from './acts.ts';
import { type Command, commandsOf } from './command.ts';
import { Journal } from './journal.ts';
import { Watchman } from './moment.ts';
import { openWorld } from './opening.ts';
import { pay, showAgain } from './paying.ts';
import { listRefunds, preview, readPayment, readRefund } from './reading.ts';
import { race, refund, repeat, repeatExternal } from './refunding.ts';
import { comeToRest, judgeRest } from './rest.ts';
import { Trouble } from './trouble.ts';
import { Violation } from './violation.ts';
import type { World } from './world.ts';

export interface Run {
  commands: number;
  crashes: number;
  payments: number;
  refunds: number;
  violations: number;
  seed: number;
}

/** What a run says beside its sums. */
export interface Report extends Run {
  canceled: number;
  given_up: number;
  in_part: number;
  with_fee: number;
  terminated: number;
  vanished: number;
  reversed: number;
  looks: number;
  /** Commands carried out in a second, without the start of the stack. */
  per_second: number;
  rest_ms: number[];
  /** The violation that ended it, with the end of the journal; null without one. */
  fault: string | null;
}

/** A blockhash lives for 150 slots: long enough that a slow machine does not expire what nobody told to. */
const SLOT_MS = 150;
const NO_LIMIT = '1000000000000';
/**
 * Over the pace of tests: with many in flight each may ask less often, and a heartbeat that is only late on a busy machine
 * must not start its activity over. And no budget ends the run.
 */
const MODEL_ENV = {
  EBB_PACE_POLL_MS: '75',
  EBB_PACE_RESEND_MS: '400',
  EBB_PACE_HEARTBEAT_MS: '4000',
  EBB_PACE_OVERDUE_MS: '4000',
  EBB_PACE_BUYER_WAIT_MS: '10000',
  // A refund of a whole payment takes three transfers.
  EBB_MAX_LEG_DEVNET_ATOMIC: '40000',
  EBB_SPONSOR_PAYER_HOUR_LAMPORTS: NO_LIMIT,
  EBB_SPONSOR_PAYER_DAY_LAMPORTS: NO_LIMIT,
  EBB_SPONSOR_ACCOUNT_HOUR_LAMPORTS: NO_LIMIT,
  EBB_SPONSOR_ACCOUNT_DAY_LAMPORTS: NO_LIMIT,
};

/** Commands that are under way at once. */
const AT_ONCE = 20;
/** After so many the world comes to rest, and is judged exactly. */
const EPISODE = 1_000;
/** Refunds under way at most: the model is quicker than what it tests, and would otherwise only pile them up. */
const MOST_OPEN = 60;

/** What makes others fail; `calm` leaves it out, to tell what goes wrong without. */
const TROUBLE: ReadonlySet<Command['kind']> = new Set(['crash', 'fault', 'vanish', 'expire', 'terminate']);

/** Carries out the commands of a seed, side by side, on a stack of its own. Ends at the first violation. */
export async function runModel(options: {
  commands: number;
  seed: number;
  calm?: boolean;
  tell?: (line: string) => void;
}): Promise<Report> {
  const { seed, tell = () => {} } = options;
  const stack = await startStack({ env: { ...TEST_PACE, ...MODEL_ENV }, temporalOnFile: true, slotMs: SLOT_MS });
  const journal = new Journal(seed);
  const run = { commands: 0, rest_ms: [] as number[], fault: null as unknown };
  const fail = (error: unknown) => {
    run.fault ??= error;
  };
  const world = await openWorld(stack);
  const trouble = new Trouble(stack);
  const watchman = new Watchman(world, trouble, fail);
  const began = performance.now();
  try {
    const underWay = new Set<Promise<void>>();
    for (const command of commandsOf(seed, options.commands)) {
      if (run.fault) break;
      if (options.calm && TROUBLE.has(command.kind)) continue;
      while (underWay.size >= AT_ONCE) await Promise.race(underWay);
      await room(world);
      const work = step(command).finally(() => underWay.delete(work));
      underWay.add(work);
      if (++run.commands % EPISODE === 0) {
        tell(`${run.commands} commands`);
        await Promise.all(underWay);
        await rest();
      }
    }
    await Promise.all(underWay);
    if (run.commands % EPISODE !== 0) await rest();
  } catch (error) {
    fail(error);
  } finally {
    if (run.fault) journal.keep(stack, run.fault);
    await Promise.allSettled([world.books.close(), trouble.close()]);
    await stack.stop();
  }
  if (run.fault && !(run.fault instanceof Violation)) throw run.fault;
  return {
    commands: run.commands,
    crashes: trouble.crashes,
    payments: world.payments.length,
    refunds: world.refunds.size,
    violations: run.fault ? 1 : 0,
    seed,
    canceled: unmoved('canceled'),
    given_up: unmoved('failed'),
    in_part: [...world.refunds.values()].filter(one => one.ended === 'partially_succeeded').length,
    with_fee: [...world.refunds.values()].filter(one => one.fee > 0n).length,
    terminated: trouble.terminated,
    vanished: world.vanished,
    reversed: world.payments.filter(one => one.reversed).length,
    looks: watchman.looks,
    per_second: Math.round((run.commands / (performance.now() - began)) * 10_000) / 10,
    rest_ms: run.rest_ms,
    fault: run.fault ? `${(run.fault as Error).message}\n${journal.end()}` : null,
  };

  function unmoved(how: 'canceled' | 'failed'): number {
    return [...world.refunds.values()].filter(one => one.unmoved === how).length;
  }

  async function step(command: Command): Promise<void> {
    const at = journal.begin(command);
    try {
      journal.end_of(at, await carryOut(command, world, trouble));
      watchman.step();
    } catch (error) {
      journal.end_of(at, String(error));
      fail(error);
    }
  }

  async function rest(): Promise<void> {
    if (run.fault) return;
    await trouble.clear();
    run.rest_ms.push(await comeToRest(world));
    await judgeRest(world, watchman);
    tell(`at rest after ${run.rest_ms.at(-1)} ms: ${world.payments.length} payments, ${world.refunds.size} refunds, exact`);
  }
}

function carryOut(command: Command, world: World, trouble: Trouble): Promise<string> {
  // With nothing paid there is nothing to do but pay.
  if (world.orders.length < 8 && !TROUBLE.has(command.kind)) {
    return pay(world, { kind: 'pay', buyer: world.orders.length, link: world.orders.length, shows: 1 });
  }
  switch (command.kind) {
    case 'pay':
      return pay(world, command);
    case 'show_again':
      return showAgain(world, command);
    case 'refund':
      return refund(world, command);
    case 'race':
      return race(world, command);
    case 'repeat':
      return repeat(world, command);
    case 'repeat_external':
      return repeatExternal(world, command);
    case 'cancel':
      return cancel(world, command);
    case 'give_up':
      return giveUp(world, command);
    case 'retry':
      return retry(world, command);
    case 'redirect':
      return redirect(world, command);
    case 'preview':
      return preview(world, command);
    case 'read_payment':
      return readPayment(world, command);
    case 'read_refund':
      return readRefund(world, command);
    case 'list_refunds':
      return listRefunds(world, command);
    case 'crash':
      return trouble.crash(command);
    case 'fault':
      return trouble.fault(command);
    case 'vanish':
      world.vanished++;
      return trouble.fault(command);
    case 'expire':
      return trouble.expire(command);
    case 'terminate':
      return trouble.terminate(command);
  }
}

/** Waits while too many refunds are under way. */
async function room(world: World): Promise<void> {
  if (world.refunds.size < MOST_OPEN) return;
  while (true) {
    const [row] = await world.books.rows<{ n: string }>(
      `select count(*) as n from refunds where status not in ('succeeded', 'partially_succeeded', 'failed', 'canceled')`,
    );
    if (Number(row?.n) < MOST_OPEN) return;
    await sleep(50);
  }
}
