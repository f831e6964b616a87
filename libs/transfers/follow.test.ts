import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { ask } from '#apps/localnet/testing/lab';
import { DeathLab, inFlight, PAST_EXPIRY, type Subject, watchFor } from '#test/support/death-lab';
import { type FollowSteps, follow, type Sight } from './follow.ts';

const STEPS: FollowSteps = { send: 'refund.send', status: 'refund.status', landed: 'refund.landed', prove: 'refund.prove' };

let lab: DeathLab;
beforeAll(async () => {
  lab = await DeathLab.start();
});
afterEach(() => lab.heal());
afterAll(() => lab.close());

/** Follows for a moment; `fresh` as the process that has just stored the bytes. */
const look = (subject: Subject, { fresh = false, chain = lab.main, ms = 60 } = {}): Promise<Sight> =>
  follow(chain, inFlight(subject, fresh), STEPS, watchFor(ms));
const onSend = (body: Record<string, unknown>) => lab.fault({ method: 'sendTransaction', ...body });
const unknown = (reason: string) => ({ kind: 'unknown', reason });

describe('what is seen below confirmed ends nothing', () => {
  test('seen at processed and then gone: sent again, and landed', async () => {
    await onSend({ kind: 'gone', seen: 'processed', slots: 3, times: 1 });
    const tx = await lab.stored();
    await lab.lab.send(tx.built);
    await lab.lab.jump(2);
    expect((await lab.lab.status(tx.built)).confirmationStatus).toBe('processed');
    await onSend({ kind: 'never_land' });
    expect(await look(tx)).toEqual(unknown('awaiting_confirmation'));
    await lab.lab.jump(2);
    await lab.heal();
    expect(await lab.lab.status(tx.built)).toBeNull();
    await look(tx);
    await lab.lab.jump(2);
    expect((await look(tx)).kind).toBe('landed');
  });

  test('an error at processed that turns into success', async () => {
    await onSend({ kind: 'error_then_success', slots: 3, times: 1 });
    const tx = await lab.stored();
    await lab.lab.send(tx.built);
    await lab.lab.jump(2);
    expect((await lab.lab.status(tx.built)).err).not.toBeNull();
    expect(await look(tx)).toEqual(unknown('awaiting_confirmation'));
    await lab.lab.jump(3);
    expect((await look(tx)).kind).toBe('landed');
  });

  test('an error at confirmed is none yet: death at finalized only', async () => {
    await onSend({ kind: 'fail_on_chain', times: 1 });
    const tx = await lab.stored();
    await lab.lab.send(tx.built);
    await lab.lab.jump(3);
    expect(await lab.lab.status(tx.built)).toMatchObject({ confirmationStatus: 'confirmed' });
    expect((await look(tx)).kind).toBe('unknown');
    await lab.lab.jump(40);
    expect(await look(tx)).toMatchObject({ kind: 'dead', verdict: { kind: 'failed_at_finalized' } });
  });
});

describe('what is gone after it was confirmed', () => {
  test('is sent again, and lands', async () => {
    await onSend({ kind: 'gone', seen: 'confirmed', slots: 3, times: 1 });
    const tx = await lab.stored();
    await lab.lab.send(tx.built);
    await lab.lab.jump(20);
    await look(tx);
    await lab.lab.jump(2);
    expect((await look(tx)).kind).toBe('landed');
  });

  test('is dead only when it has expired as well', async () => {
    await onSend({ kind: 'gone', seen: 'confirmed', slots: 3, times: 1 });
    const tx = await lab.stored();
    await lab.lab.send(tx.built);
    await onSend({ kind: 'never_land' });
    await lab.lab.jump(20);
    expect(await look(tx)).toEqual(unknown('awaiting_confirmation'));
    await lab.lab.jump(PAST_EXPIRY);
    expect((await look(tx)).kind).toBe('dead');
  });
});

describe('past its expiry, a transaction that landed unseen is found, and never called dead, while', () => {
  test.each([
    ['its status is out of the cache', { kind: 'forget_statuses' }, { kind: 'landed' }],
    [
      'the node answers height and status from different slots',
      { kind: 'lag', method: 'getSignatureStatuses', slots: 300 },
      unknown('outcome_unknown'),
    ],
    ['the node has a gap', { kind: 'gap', from_slot: 0, to_slot: 1_000_000_000 }, unknown('outcome_unknown')],
    ['the node is behind', { kind: 'lag', slots: 300 }, unknown('awaiting_confirmation')],
    ['the node answers with an error', { kind: 'error_before_accept' }, unknown('rpc_unavailable')],
    ['the node answers 429', { kind: 'rate_limit' }, unknown('rpc_unavailable')],
    ['the node answers 503', { kind: 'unavailable' }, unknown('rpc_unavailable')],
    ['the node breaks off', { kind: 'reset_mid_body' }, unknown('rpc_unavailable')],
    ['the node refuses the question for blocks', { kind: 'unavailable', method: 'getBlocks' }, { kind: 'landed' }],
  ])('%s', async (_how, body, said) => {
    const tx = await lab.landedLongAgo();
    const { id } = await lab.fault(body);
    expect(await look(tx)).toMatchObject(said);
    if (said.kind === 'unknown') expect(await lab.met(id)).toBeGreaterThan(0);
    await lab.heal();
    expect((await look(tx)).kind).toBe('landed');
  });

  test('two providers disagree: one has lost it, the other has it, whichever is asked first', async () => {
    await lab.heal();
    const tx = await lab.landedLongAgo();
    for (const node of ['main', 'lagging']) {
      await lab.fault({ kind: 'forget_statuses', history: true, node });
      expect((await look(tx, { chain: lab.both })).kind, `${node} has lost it`).toBe('landed');
      await lab.heal();
    }
  });
});

describe('past its expiry, a transaction that never landed is dead, but unknown while', () => {
  test.each([
    ['one of two providers is behind', { kind: 'lag', slots: 300, node: 'lagging' }, 'awaiting_confirmation'],
    ['one of two providers has a gap', { kind: 'gap', from_slot: 0, to_slot: 1_000_000_000, node: 'lagging' }, 'outcome_unknown'],
    ['one of two providers does not answer', { kind: 'unavailable', node: 'lagging' }, 'rpc_unavailable'],
    ['the first of two does not answer', { kind: 'unavailable', node: 'main' }, 'rpc_unavailable'],
    [
      'one of two providers refuses the question',
      { kind: 'rate_limit', method: 'getBlocks', node: 'lagging' },
      'rpc_unavailable',
    ],
  ])('%s', async (_how, body, reason) => {
    await lab.heal();
    const tx = await lab.lostLongAgo();
    const { id } = await lab.fault(body);
    expect(await look(tx, { chain: lab.both })).toEqual(unknown(reason));
    expect(await lab.met(id)).toBeGreaterThan(0);
    await lab.heal();
    expect(await look(tx, { chain: lab.both })).toMatchObject({ kind: 'dead', verdict: { providers: 2 } });
  });
});

test('bytes stored a moment ago are sent before anything is asked', async () => {
  const tx = await lab.stored();
  await lab.fault({ kind: 'unavailable', method: 'getSignatureStatuses' });
  expect((await look(tx, { fresh: true })).kind).toBe('unknown');
  await lab.heal();
  await lab.lab.jump(2);
  const seen = await ask(lab.lab.localnet.urls.rpc, 'getSignatureStatuses', [tx.built.signature]);
  expect(seen.body.result.value[0].err).toBeNull();
});
