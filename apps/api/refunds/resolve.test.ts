import { randomBytes } from 'node:crypto';
import { getBase58Decoder } from '@solana/kit';
import { beforeAll, describe, expect, test } from 'vitest';
import { type Chain, ChainUnavailable } from '#libs/chain/chain';
import { WAIT_REASONS, type WaitReason } from '#libs/states/waiting';
import { expectProblem, expectShape } from '../testing/expect.ts';
import { acceptedRefund, setState, storedAttempt } from '../testing/refunded.ts';
import { type Asked, useApi } from '../testing/use-api.ts';
import { Refund } from './schemas.ts';

/** A chain that knows no transaction, or does not answer. What it knows is tested on the stack. */
const said: { next: 'nothing' | 'unavailable' } = { next: 'nothing' };
const ask = async <T>(): Promise<T> => {
  if (said.next === 'unavailable') throw new ChainUnavailable('no RPC answered');
  return null as T;
};
const chain = { network: 'solana-devnet', providers: 1, ask, askAll: async () => [], askEach: async () => [] } as Chain;
const under = useApi({}, { chains: new Map([['solana-devnet', chain]]) });
let stranger = '';
const resolve = (id: string, body: object, asked: Asked = {}) =>
  under.ask('POST', `/v1/refunds/${id}/resolve`, { body, ...asked });
const giveUp = { give_up: true, reason: 'the account stays frozen' };
const signature = () => getBase58Decoder().decode(randomBytes(64));

beforeAll(async () => {
  stranger = await under.mint({ account: 'stranger' });
});

describe('POST /v1/refunds/{id}/resolve', () => {
  const requires: Partial<Record<WaitReason, string>> = {
    address: 'requires_address',
    approval: 'requires_approval',
    signature: 'requires_signature',
  };
  test.each(WAIT_REASONS.map(reason => [requires[reason] ?? 'pending', reason]))(
    '200: given up from %s, the failure is what it waited for (%s), and the money is free',
    async (status, reason) => {
      const refund = await acceptedRefund(under);
      await storedAttempt(under, refund, true);
      await setState(under, refund.id, status, reason);
      const answer = await resolve(refund.id, giveUp);
      expectShape(answer, 200, Refund);
      expect(answer.body).toMatchObject({
        status: 'failed',
        failure: { code: reason, message: 'the account stays frozen' },
        waiting: null,
        voided_atomic: '40000',
        payment: { reserved_atomic: '0', refundable_atomic: '100000' },
      });
      const line = await under.db.read
        .selectFrom('outbox')
        .select('kind')
        .where('workflow_id', '=', `refund:${refund.id}`)
        .execute();
      expect(line).toEqual([{ kind: 'wake' }]);
    },
  );

  test('409 attempt_live: neither given up nor resolved beside what may still land', async () => {
    const refund = await acceptedRefund(under);
    await storedAttempt(under, refund, false);
    await setState(under, refund.id, 'processing', 'outcome_unknown');
    expectProblem(await resolve(refund.id, giveUp), 409, 'attempt_live');
    expectProblem(await resolve(refund.id, { tx_sig: signature() }), 409, 'attempt_live');
    const after = await under.ask('GET', `/v1/refunds/${refund.id}`);
    expect(after.body).toMatchObject({ status: 'processing', payment: { reserved_atomic: '40000' } });
  });

  test.each(['succeeded', 'partially_succeeded', 'failed', 'canceled'])('409 refund_state_conflict from %s', async status => {
    const { id } = await acceptedRefund(under);
    await setState(under, id, status);
    expectProblem(await resolve(id, giveUp), 409, 'refund_state_conflict');
    expectProblem(await resolve(id, { tx_sig: signature() }), 409, 'refund_state_conflict');
  });

  test('422 resolution_not_matching: no such transaction, or none at all', async () => {
    const { id } = await acceptedRefund(under);
    expectProblem(await resolve(id, { tx_sig: signature() }), 422, 'resolution_not_matching');
    expectProblem(await resolve(id, { tx_sig: 'no signature' }), 422, 'resolution_not_matching');
    expect((await under.ask('GET', `/v1/refunds/${id}`)).body.status).toBe('pending');
  });

  test('503 chain_unavailable: nobody can say, and nothing is written', async () => {
    const { id } = await acceptedRefund(under);
    said.next = 'unavailable';
    expectProblem(await resolve(id, { tx_sig: signature() }), 503, 'chain_unavailable');
    said.next = 'nothing';
    expect((await under.ask('GET', `/v1/refunds/${id}`)).body.status).toBe('pending');
  });

  test.each([
    {},
    { give_up: true },
    { give_up: false, reason: 'x' },
    { give_up: true, reason: 'x', tx_sig: 'y' },
    { tx_sig: 7 },
    { reason: 'x' },
  ])('400 for %j', async body => {
    const { id } = await acceptedRefund(under);
    expectProblem(await resolve(id, body), 400, 'invalid_request');
  });

  test('401, 403, 404', async () => {
    const { id } = await acceptedRefund(under);
    expectProblem(await resolve(id, giveUp, { key: null }), 401, 'key_missing');
    expectProblem(await resolve(id, giveUp, { key: await under.mint({ scopes: ['refunds:write'] }) }), 403, 'scope_missing');
    expectProblem(await resolve(id, giveUp, { key: stranger }), 404, 'refund_not_found');
    expectProblem(await resolve(id, { tx_sig: signature() }, { key: stranger }), 404, 'refund_not_found');
  });
});
