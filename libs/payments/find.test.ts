import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { USDC } from '#apps/localnet/testing/lab';
import { tokenAccount } from '#apps/localnet/testing/wallets';
import { ChainUnavailable } from '#libs/chain/chain';
import { mustDecode } from '#libs/chain/decode';
import type { Signature } from '#libs/money/solana-types';
import { proveAbsent } from '#libs/transfers/prove';
import { DeathLab, PAST_EXPIRY, type Subject } from '#test/support/death-lab';
import { findBySignature, findInHistory, type Sought, searchHistory } from './find.ts';

/** Whose signature nobody knows: such a payment is sought by its message in the history of the account it pays to. */
let lab: DeathLab;
let payTo: string;
beforeAll(async () => {
  lab = await DeathLab.start();
  payTo = await tokenAccount(lab.lab.treasury, USDC);
});
afterEach(() => lab.heal());
afterAll(() => lab.close());

const MEMO = 'ebb:ofThisPayment';
const ALL = { from_slot: 0, to_slot: 1_000_000_000 };
/** More slots than bytes that we did not build may live, finality included. */
const PAST_LIFE = PAST_EXPIRY + 100;

type Claim = Subject & Sought;
/** As a claim stores it: the chain's highest processed height and slot, and the proof's message. */
async function claimed(memo = MEMO): Promise<Claim> {
  const seen = await lab.lab.result('getEpochInfo', { commitment: 'processed' });
  const subject = await lab.stored(memo);
  const { messageHash } = mustDecode(Buffer.from(subject.built.wire, 'base64'));
  const lastValidBlockHeight = BigInt(seen.blockHeight) + 300n;
  return { ...subject, lastValidBlockHeight, messageHash, memo, payToAccount: payTo, seenSlot: BigInt(seen.absoluteSlot) };
}

const prove = (claim: Claim, chain = lab.main) =>
  proveAbsent(chain, 'settle.prove', claim.mark, claim.lastValidBlockHeight, searchHistory(claim));
const find = (claim: Claim, chain = lab.main) => findInHistory(chain, 'settle.find', claim);

async function settled(): Promise<Claim> {
  const claim = await claimed();
  await lab.lab.send(claim.built);
  await lab.lab.jump(PAST_LIFE);
  return claim;
}
async function lost(): Promise<Claim> {
  const claim = await claimed();
  await lab.lab.jump(PAST_LIFE);
  return claim;
}

describe('a payment is found', () => {
  test('in the history of the account it pays to, among others with the same memo', async () => {
    const other = await claimed();
    await lab.lab.send(other.built);
    await lab.lab.jump(2);
    const claim = await claimed();
    await lab.lab.send(claim.built);
    await lab.lab.jump(2);
    expect((await find(claim))?.signature).toBe(claim.built.signature);
    expect((await find(other))?.signature).toBe(other.built.signature);
  });

  test('by its signature, and not by that of another payment', async () => {
    const [claim, other] = [await settled(), await settled()];
    const by = (signature: string) => findBySignature(lab.main, 'settle.find', claim, signature as Signature);
    expect(await by(claim.built.signature)).not.toBeNull();
    expect(await by(other.built.signature)).toBeNull();
  });

  test('not at processed: what is only there may never have been', async () => {
    await lab.fault({ kind: 'gone', seen: 'processed', slots: 5, method: 'sendTransaction', times: 1 });
    const claim = await claimed();
    await lab.lab.send(claim.built);
    await lab.lab.jump(2);
    expect((await lab.lab.status(claim.built)).confirmationStatus).toBe('processed');
    expect(await find(claim)).toBeNull();
  });

  test('before it was shown to us: its sender was quicker', async () => {
    const claim = await claimed();
    await lab.lab.send(claim.built);
    await lab.lab.jump(100);
    const { absoluteSlot } = await lab.lab.result('getEpochInfo', { commitment: 'processed' });
    expect((await find({ ...claim, seenSlot: BigInt(absoluteSlot) }))?.signature).toBe(claim.built.signature);
  });
});

describe('a payment is dead', () => {
  test('when it is expired and absent', async () => {
    expect(await prove(await lost())).toMatchObject({ kind: 'dead', verdict: { kind: 'expired_and_absent' } });
  });

  test('not before the last height at which bytes of a stranger may land is final', async () => {
    const claim = await claimed();
    await lab.lab.jump(320);
    expect(await prove(claim)).toEqual({ kind: 'unknown', why: 'not_expired' });
    await lab.lab.jump(20);
    expect((await prove(claim)).kind).toBe('dead');
  });

  test('when it failed, at finalized', async () => {
    await lab.fault({ kind: 'fail_on_chain', method: 'sendTransaction', times: 1 });
    const claim = await settled();
    expect(await prove(claim)).toMatchObject({ kind: 'dead', verdict: { kind: 'failed_at_finalized' } });
  });

  test('not by the failure of another payment with its memo', async () => {
    await lab.fault({ kind: 'fail_on_chain', method: 'sendTransaction', times: 1 });
    const other = await claimed();
    await lab.lab.send(other.built);
    await lab.lab.jump(2);
    expect(await prove(await settled())).toEqual({ kind: 'seen' });
  });
});

/** Each hides a payment that settled long ago, and would make it look expired and absent. */
describe('a settled payment is not absent while', () => {
  test.each([
    ['the node has a gap over all of it', { kind: 'gap', ...ALL }, 'gap'],
    ['the whole node is behind', { kind: 'lag', slots: 300 }, 'not_expired'],
    ['the node lists it and does not have it', { kind: 'gap', ...ALL, method: 'getTransaction' }, 'gap'],
  ])('%s', async (_how, body, why) => {
    const claim = await settled();
    const { id } = await lab.fault(body);
    expect(await prove(claim)).toEqual({ kind: 'unknown', why });
    expect(await lab.met(id)).toBeGreaterThan(0);
    await lab.heal();
    expect(await prove(claim)).toEqual({ kind: 'seen' });
  });

  test.each([
    [
      'its history comes from a node behind the one that gave the height',
      { kind: 'lag', method: 'getSignaturesForAddress', slots: 300 },
    ],
    ['the question for its history fails', { kind: 'error_before_accept', method: 'getSignaturesForAddress' }],
    ['the node keeps no history', { kind: 'error_before_accept', code: -32011, message: 'no history', method: 'getTransaction' }],
    ['the question for its history is answered 429', { kind: 'rate_limit', method: 'getSignaturesForAddress' }],
    ['the question for it is answered 503', { kind: 'unavailable', method: 'getTransaction' }],
    ['the answer breaks off', { kind: 'reset_mid_body', method: 'getSignaturesForAddress' }],
  ])('%s', async (_how, body) => {
    const claim = await settled();
    const { id } = await lab.fault(body);
    await expect(prove(claim)).rejects.toThrow(ChainUnavailable);
    expect(await lab.met(id)).toBeGreaterThan(0);
  });

  test('one provider lacks it and another has it', async () => {
    await lab.heal();
    const claim = await settled();
    for (const node of ['main', 'lagging']) {
      await lab.fault({ kind: 'gap', ...ALL, node, method: 'getSignaturesForAddress' });
      expect(await prove(claim, lab.both), `${node} lacks it`).toEqual({ kind: 'seen' });
      await lab.heal();
    }
  });
});
