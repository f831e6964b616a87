import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { ChainUnavailable } from '#libs/chain/chain';
import { DeathLab, PAST_EXPIRY } from '#test/support/death-lab';

let lab: DeathLab;
beforeAll(async () => {
  lab = await DeathLab.start();
});
afterEach(() => lab.heal());
afterAll(() => lab.close());

const NO_HISTORY = { kind: 'error_before_accept', code: -32011, message: 'Transaction history is not available from this node' };
const ALL = { from_slot: 0, to_slot: 1_000_000_000 };

describe('dead is only what is expired and absent, or failed for good', () => {
  test('expired at finalized and absent: dead, and the verdict says how that is known', async () => {
    const lost = await lab.lostLongAgo();
    expect(await lab.prove(lost)).toMatchObject({
      kind: 'dead',
      verdict: { kind: 'expired_and_absent', last_valid_block_height: String(lost.lastValidBlockHeight), providers: 1 },
    });
    await lab.heal();
    expect(await lab.prove(lost, lab.both)).toMatchObject({ kind: 'dead', verdict: { providers: 2 } });
  });

  test('expired at the processed height, and not yet at the finalized one: unknown', async () => {
    const lost = await lab.stored();
    await lab.lab.jump(160);
    const { blockHeight } = await lab.lab.result('getEpochInfo', { commitment: 'processed' });
    expect(BigInt(blockHeight)).toBeGreaterThan(lost.lastValidBlockHeight);
    expect(await lab.prove(lost)).toEqual({ kind: 'unknown', why: 'not_expired' });
  });

  test('slots without blocks let no time pass for it: unknown, however many; and they are no gap afterwards', async () => {
    const lost = await lab.stored();
    await lab.lab.jump(10_000, true);
    expect(await lab.prove(lost)).toEqual({ kind: 'unknown', why: 'not_expired' });
    await lab.lab.jump(PAST_EXPIRY);
    expect((await lab.prove(lost)).kind).toBe('dead');
  });

  test('an error is death at finalized, whether its blockhash has expired or not', async () => {
    await lab.fault({ kind: 'fail_on_chain', method: 'sendTransaction', times: 1 });
    const failed = await lab.stored();
    await lab.lab.send(failed.built);
    await lab.lab.jump(10);
    expect((await lab.lab.status(failed.built)).confirmationStatus).toBe('confirmed');
    expect((await lab.prove(failed)).kind).toBe('unknown');
    await lab.lab.jump(PAST_EXPIRY);
    expect(await lab.prove(failed)).toMatchObject({ kind: 'dead', verdict: { kind: 'failed_at_finalized' } });
  });

  test('seen as confirmed and then gone: unknown while it could come back, dead when it is expired and absent', async () => {
    await lab.fault({ kind: 'gone', seen: 'confirmed', method: 'sendTransaction', times: 1 });
    const gone = await lab.stored();
    await lab.lab.send(gone.built);
    await lab.lab.jump(3);
    expect((await lab.lab.status(gone.built)).confirmationStatus).toBe('confirmed');
    expect((await lab.prove(gone)).kind).toBe('unknown');
    await lab.lab.jump(20);
    expect(await lab.lab.status(gone.built)).toBeNull();
    expect(await lab.prove(gone)).toEqual({ kind: 'unknown', why: 'not_expired' });
    await lab.lab.jump(PAST_EXPIRY);
    expect((await lab.prove(gone)).kind).toBe('dead');
  });
});

/** Each hides a transaction that landed long ago, and would make it look expired and absent. */
describe('what has landed is not absent while', () => {
  test.each([
    [
      'the statuses come from a node behind the one that gave the height',
      { kind: 'lag', method: 'getSignatureStatuses', slots: 300 },
      'node_behind',
    ],
    [
      'the blocks come from a node behind it, and the statuses are forgotten',
      { kind: 'lag', method: 'getBlocks', slots: 300 },
      'gap',
    ],
    ['the whole node is behind', { kind: 'lag', slots: 300 }, 'not_expired'],
    ['the node has a gap over all of it', { kind: 'gap', ...ALL }, 'gap'],
  ])('%s', async (_how, body, why) => {
    const landed = await lab.landedLongAgo();
    await lab.fault({ kind: 'forget_statuses', signature: landed.built.signature, history: true });
    const { id } = await lab.fault(body);
    expect(await lab.prove(landed)).toEqual({ kind: 'unknown', why });
    expect(await lab.met(id)).toBeGreaterThan(0);
  });

  test('the node lacks the one block it is in', async () => {
    const landed = await lab.landedLongAgo();
    const { slot } = await lab.lab.result('getTransaction', landed.built.signature, { maxSupportedTransactionVersion: 0 });
    await lab.fault({ kind: 'gap', from_slot: slot, to_slot: slot });
    expect(await lab.prove(landed)).toEqual({ kind: 'unknown', why: 'gap' });
  });

  test('its status is out of the cache: the history has it', async () => {
    const landed = await lab.landedLongAgo();
    await lab.fault({ kind: 'forget_statuses' });
    expect(await lab.lab.status(landed.built)).toBeNull();
    expect(await lab.prove(landed)).toEqual({ kind: 'seen' });
  });

  test('one provider has lost every trace of it and another has not', async () => {
    const landed = await lab.landedLongAgo();
    await lab.heal();
    await lab.fault({ kind: 'forget_statuses', history: true, node: 'main' });
    expect(await lab.prove(landed, lab.both)).toEqual({ kind: 'seen' });
    await lab.heal();
    await lab.fault({ kind: 'forget_statuses', history: true, node: 'lagging' });
    expect(await lab.prove(landed, lab.both)).toEqual({ kind: 'seen' });
  });

  test('one provider has lost every trace of it and another is behind, or has a gap', async () => {
    const landed = await lab.landedLongAgo();
    await lab.fault({ kind: 'forget_statuses', history: true, node: 'main' });
    await lab.lab.admin('POST /lag', { slots: 300 });
    expect(await lab.prove(landed, lab.both)).toEqual({ kind: 'unknown', why: 'not_expired' });
    await lab.lab.admin('POST /lag', { slots: 0 });
    await lab.fault({ kind: 'gap', ...ALL, node: 'lagging' });
    expect(await lab.prove(landed, lab.both)).toEqual({ kind: 'unknown', why: 'gap' });
  });
});

describe('an answer that does not come is no word on it', () => {
  const METHODS = ['getEpochInfo', 'getSignatureStatuses', 'getBlocks'];
  test.each([
    ['an error', { kind: 'error_before_accept' }],
    ['a node without history', NO_HISTORY],
    ['429', { kind: 'rate_limit' }],
    ['503', { kind: 'unavailable' }],
    ['a connection that breaks', { kind: 'accept_lose_answer' }],
    ['half an answer', { kind: 'reset_mid_body' }],
  ])('%s', async (_what, body) => {
    await lab.heal();
    const lost = await lab.lostLongAgo();
    for (const method of METHODS) {
      const { id } = await lab.fault({ ...body, method, node: 'main' });
      await expect(lab.prove(lost), method).rejects.toThrow(ChainUnavailable);
      expect(await lab.met(id), method).toBeGreaterThan(0);
      await lab.heal();
      await lab.fault({ ...body, method, node: 'lagging' });
      await expect(lab.prove(lost, lab.both), `${method} of the second provider`).rejects.toThrow(ChainUnavailable);
      await lab.heal();
    }
    expect((await lab.prove(lost, lab.both)).kind).toBe('dead');
  });
});
