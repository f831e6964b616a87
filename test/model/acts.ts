import { randomUUID } from 'node:crypto';
import type { Command } from './command.ts';
import type { Answer } from './http.ts';
import { must } from './violation.ts';
import { call, choose, type Refund, type World } from './world.ts';

const act = (world: World, refund: Refund, name: string, body: object = {}): Promise<Answer> =>
  call(world, 'POST', `/v1/refunds/${refund.id}/${name}`, body, randomUUID());

/** Takes a refund back, if nothing has been signed for it that may still land. */
export const cancel = (world: World, { pick }: Extract<Command, { kind: 'cancel' }>): Promise<string> =>
  release(world, pick, 'cancel', {}, 'canceled', ['refund_not_cancelable', 'attempt_live']);

/** An operator ends it as failed, by the same rule. */
export const giveUp = (world: World, { pick }: Extract<Command, { kind: 'give_up' }>): Promise<string> =>
  release(world, pick, 'resolve', { give_up: true, reason: 'the model says so' }, 'failed', [
    'refund_state_conflict',
    'attempt_live',
  ]);

async function release(
  world: World,
  pick: number,
  name: string,
  body: object,
  end: 'canceled' | 'failed',
  refusals: readonly string[],
): Promise<string> {
  const refund = choose([...world.refunds.values()], pick);
  if (!refund) return 'nothing refunded yet';
  const { claim } = refund;
  claim.releasing++;
  const answer = await act(world, refund, name, body);
  claim.releasing--;
  const told = `${refund.id}: ${answer.status} ${answer.body.code ?? answer.body.status}`;
  if (answer.status === 200) {
    const kept = BigInt(answer.body.moved_atomic ?? '-1');
    const right = kept >= 0n && kept < refund.amount && answer.body.status === (kept > 0n ? 'partially_succeeded' : end);
    must(right, () => `${name} was answered ${told}, ${kept} of ${refund.amount} had moved`);
    must(refund.ended === null || isReopened(world, refund), () => `${name} ended a refund that had ${refund.ended}: ${told}`);
    refund.unmoved = end;
    refund.ended = answer.body.status ?? null;
    claim.kept = kept;
    claim.released = performance.now();
  } else {
    must(answer.status === 409 && refusals.includes(answer.body.code ?? ''), () => `${name} was answered ${told}`);
  }
  return told;
}

/** What had succeeded may be open again once nodes forget what they have seen. */
const isReopened = (world: World, refund: Refund): boolean =>
  world.vanished > 0 && (refund.ended === 'succeeded' || refund.ended === 'partially_succeeded');

/** Has a refund looked at again: that changes no sum, whenever it comes. */
export async function retry(world: World, { pick }: Extract<Command, { kind: 'retry' }>): Promise<string> {
  const refund = choose([...world.refunds.values()], pick);
  if (!refund) return 'nothing refunded yet';
  const answer = await act(world, refund, 'retry');
  const told = `${refund.id}: ${answer.status} ${answer.body.code ?? answer.body.status}`;
  const refused = answer.status === 409 && answer.body.code === 'refund_state_conflict';
  must(answer.status === 200 || refused, () => `a retry was answered ${told}`);
  return told;
}

/** Sends a refund to someone else, if nothing has been signed for it that may still land. */
export async function redirect(world: World, { pick, to: whom }: Extract<Command, { kind: 'redirect' }>): Promise<string> {
  const refund = choose([...world.refunds.values()], pick);
  const to = choose(world.buyers, whom);
  // Of two redirects at once nobody could say which was last.
  if (!refund || !to || refund.redirecting) return 'nothing to redirect';
  refund.redirecting = true;
  const body = { destination: { owner: to.address } };
  const answer = await call(world, 'PATCH', `/v1/refunds/${refund.id}`, body, randomUUID());
  const told = `${refund.id} to ${to.address}: ${answer.status} ${answer.body.code ?? answer.body.status}`;
  if (answer.status === 200) {
    must(answer.body.destination?.owner === to.address, () => `a redirect was answered ${told}`);
    must(
      refund.ended === null || refund.to === to || isReopened(world, refund),
      () => `a refund that had ${refund.ended} was redirected: ${told}`,
    );
    refund.to = to;
    refund.whom.add(to);
  } else {
    const codes = ['refund_state_conflict', 'attempt_live'];
    must(answer.status === 409 && codes.includes(answer.body.code ?? ''), () => `a redirect was answered ${told}`);
  }
  refund.redirecting = false;
  return told;
}
