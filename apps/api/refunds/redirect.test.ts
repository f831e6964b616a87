import { randomBytes } from 'node:crypto';
import { generateKeyPairSigner, getBase58Decoder, getProgramDerivedAddress, type KeyPairSigner, signBytes } from '@solana/kit';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { SCOPES } from '#libs/accounts/scopes';
import { TOKEN_PROGRAM } from '#libs/chain/programs';
import { redirectBytes, redirectText } from '#libs/refunds/redirect-proof';
import { expectProblem, expectShape } from '../testing/expect.ts';
import { type Accepted, acceptedRefund, setState, storedAttempt } from '../testing/refunded.ts';
import { settledPayment } from '../testing/settled-payment.ts';
import { sightedChain } from '../testing/sighted-chain.ts';
import { type Asked, useApi } from '../testing/use-api.ts';
import { Refund } from './schemas.ts';

const sighted = sightedChain();
const under = useApi({}, { chains: new Map([['solana-devnet', sighted.chain]]) });
let payer: KeyPairSigner;
let friend: KeyPairSigner;
let plain = '';
let stranger = '';

beforeAll(async () => {
  payer = await generateKeyPairSigner();
  friend = await generateKeyPairSigner();
  plain = await under.mint({ scopes: SCOPES.filter(scope => scope !== 'refunds:redirect') });
  stranger = await under.mint({ account: 'stranger' });
});
beforeEach(() => {
  sighted.next = 'fit';
});

/** The buyer of these tests has a key of their own to sign with. */
async function paidBy(signer: KeyPairSigner, paymentId: string): Promise<void> {
  await under.db.read.updateTable('payments').set({ payer_owner: signer.address }).where('id', '=', paymentId).execute();
}

async function proofOf(over: {
  payment: string;
  refund?: string;
  owner?: string;
  amount?: string;
  expiresAt?: string;
  nonce?: string;
  by?: KeyPairSigner;
}) {
  const nonce = over.nonce ?? randomBytes(12).toString('base64url');
  const expires_at = over.expiresAt ?? new Date(under.clock.now().getTime() + 60_000).toISOString();
  const text = redirectText({
    network: 'solana-devnet',
    payment_id: over.payment,
    refund_id: over.refund ?? null,
    owner: over.owner ?? friend.address,
    amount_atomic: over.amount ?? '40000',
    expires_at,
    nonce,
  });
  const bytes = redirectBytes(payer.address, text)[0] ?? new Uint8Array();
  const signature = getBase58Decoder().decode(await signBytes((over.by ?? payer).keyPair.privateKey, bytes));
  return { nonce, expires_at, signature };
}

const create = (payment_id: string, destination: object, asked: Asked = {}, amount: string | undefined = '40000') =>
  under.ask('POST', '/v1/refunds', {
    key: plain,
    headers: { 'idempotency-key': randomBytes(8).toString('hex') },
    body: { payment_id, amount_atomic: amount, destination },
    ...asked,
  });
const change = (id: string, body: object, asked: Asked = {}) =>
  under.ask('PATCH', `/v1/refunds/${id}`, { key: plain, body, ...asked });

async function payment(): Promise<string> {
  const { id } = await settledPayment(under);
  await paidBy(payer, id);
  return id;
}
async function accepted(): Promise<Accepted> {
  const refund = await acceptedRefund(under);
  await paidBy(payer, refund.payment.id);
  return refund;
}

describe('POST /v1/refunds with a destination', () => {
  test('201: the payer’s signature sends it elsewhere, to the wallet’s own account, once', async () => {
    const id = await payment();
    const proof = await proofOf({ payment: id });
    const answer = await create(id, { owner: friend.address, proof });
    expectShape(answer, 201, Refund);
    expect(answer.body).toMatchObject({ status: 'pending', destination: { owner: friend.address, how: 'redirect_signed' } });
    expect(answer.body.destination.token_account).not.toBe(friend.address);
    const again = await create(id, { owner: friend.address, proof });
    expectProblem(again, 422, 'destination_proof_invalid');
    expect(again.body.errors).toMatchObject([{ pointer: '/destination/proof/nonce' }]);
  });

  test('201: of one signature used 8 times at once, one refund comes', async () => {
    const id = await payment();
    const proof = await proofOf({ payment: id, amount: '1000' });
    const answers = await Promise.all(Array.from({ length: 8 }, () => create(id, { owner: friend.address, proof }, {}, '1000')));
    expect(answers.map(one => one.status).sort()).toEqual([201, ...Array.from({ length: 7 }, () => 422)]);
  });

  test('201: the scope needs no signature; a payer of unknown name neither', async () => {
    const id = await payment();
    const answer = await create(id, { owner: friend.address }, { key: under.key });
    expect(answer.body.destination).toMatchObject({ owner: friend.address, how: 'redirect_scope' });
    const unknown = await settledPayment(under);
    await under.db.read
      .updateTable('payments')
      .set({ payer_owner: null, payer_account: null })
      .where('id', '=', unknown.id)
      .execute();
    const sent = await create(unknown.id, { owner: friend.address }, { key: under.key });
    expect(sent.body).toMatchObject({ status: 'pending', destination: { owner: friend.address, how: 'redirect_scope' } });
  });

  test('201: naming the payer is no redirect', async () => {
    const id = await payment();
    expect((await create(id, { owner: payer.address })).body.destination).toMatchObject({ owner: payer.address, how: 'payer' });
  });

  test.each(['unavailable', 'absent'] as const)('201 where the chain says %s: the workflow asks again', async next => {
    const id = await payment();
    sighted.next = next;
    expect((await create(id, { owner: friend.address }, { key: under.key })).status).toBe(201);
  });

  test('422 destination_proof_invalid: any field that was not signed, a key that is not the payer’s, a time that has passed', async () => {
    const id = await payment();
    const other = await payment();
    const wrong = [
      await proofOf({ payment: other }),
      await proofOf({ payment: id, refund: 're_1' }),
      await proofOf({ payment: id, amount: '39999' }),
      await proofOf({ payment: id, owner: payer.address }),
      await proofOf({ payment: id, by: friend }),
      await proofOf({ payment: id, expiresAt: under.clock.now().toISOString() }),
      { ...(await proofOf({ payment: id })), nonce: 'another_nonce' },
    ];
    for (const proof of wrong) {
      const answer = await create(id, { owner: friend.address, proof });
      expectProblem(answer, 422, 'destination_proof_invalid');
      expect(answer.body.message).toMatch(new RegExp(`^ebb:redirect:v1:solana-devnet:${id}:-:${friend.address}:40000:`));
    }
    // A scope does not make a wrong signature right.
    expectProblem(
      await create(id, { owner: friend.address, proof: wrong[2] }, { key: under.key }),
      422,
      'destination_proof_invalid',
    );
  });

  test('422 redirect_not_allowed: neither signature nor scope, a payer that cannot sign, the treasury itself', async () => {
    const id = await payment();
    expectProblem(await create(id, { owner: friend.address }), 422, 'redirect_not_allowed');
    const [pda] = await getProgramDerivedAddress({ programAddress: TOKEN_PROGRAM, seeds: ['vault'] });
    await under.db.read.updateTable('payments').set({ payer_owner: pda }).where('id', '=', id).execute();
    const proof = await proofOf({ payment: id });
    expectProblem(await create(id, { owner: friend.address, proof }), 422, 'redirect_not_allowed');
    const { owner } = await under.db.read
      .selectFrom('treasuries')
      .innerJoin('payments', 'payments.treasury_id', 'treasuries.id')
      .select('treasuries.owner')
      .where('payments.id', '=', id)
      .executeTakeFirstOrThrow();
    expectProblem(await create(id, { owner }, { key: under.key }), 422, 'redirect_not_allowed');
  });

  test('422 destination_off_curve, destination_is_token_account, destination_frozen', async () => {
    const id = await payment();
    const [pda] = await getProgramDerivedAddress({ programAddress: TOKEN_PROGRAM, seeds: ['somewhere'] });
    expectProblem(await create(id, { owner: pda }, { key: under.key }), 422, 'destination_off_curve');
    sighted.next = 'token_account';
    expectProblem(await create(id, { owner: friend.address }, { key: under.key }), 422, 'destination_is_token_account');
    sighted.next = 'frozen';
    expectProblem(await create(id, { owner: friend.address }, { key: under.key }), 422, 'destination_frozen');
  });

  test.each([
    ['/destination/owner', { owner: 'me' }],
    ['/destination/owner', {}],
    [
      '/destination/proof/nonce',
      { proof: { nonce: 'a:b:c:d:e', expires_at: '2027-01-01T00:00:00Z', signature: '1'.repeat(64) } },
    ],
    ['/destination/proof/expires_at', { proof: { nonce: 'abcdefgh', expires_at: 'soon', signature: '1'.repeat(64) } }],
    ['/destination/proof/signature', { proof: { nonce: 'abcdefgh', expires_at: '2027-01-01T00:00:00Z' } }],
    ['/destination/token_account', { token_account: 'x' }],
  ])('400 at %s', async (pointer, over) => {
    const id = await payment();
    const owner = 'owner' in over || pointer === '/destination/owner' ? {} : { owner: friend.address };
    const answer = await create(id, { ...owner, ...over });
    expectProblem(answer, 400, 'invalid_request');
    expect(answer.body.errors.map((fault: { pointer: string }) => fault.pointer)).toContain(pointer);
  });

  test('404: someone else’s payment says nothing of a destination', async () => {
    const id = await payment();
    sighted.next = 'token_account';
    expectProblem(await create(id, { owner: friend.address }, { key: stranger }), 404, 'payment_not_found');
  });
});

describe('PATCH /v1/refunds/{id}', () => {
  test('200: a refund that waits for a destination is pending again, told and woken', async () => {
    const { id, payment: paid } = await accepted();
    await setState(under, id, 'requires_address', 'address');
    const proof = await proofOf({ payment: paid.id, refund: id });
    const answer = await change(id, { destination: { owner: friend.address, proof } });
    expectShape(answer, 200, Refund);
    expect(answer.body).toMatchObject({
      status: 'pending',
      waiting: { reason: 'not_yet_sent' },
      needs_attention: false,
      destination: { owner: friend.address, how: 'redirect_signed' },
    });
    const line = await under.db.read.selectFrom('outbox').select('kind').where('workflow_id', '=', `refund:${id}`).execute();
    expect(line).toEqual([{ kind: 'wake' }]);
    const kinds = await under.db.read
      .selectFrom('events')
      .select('kind')
      .where('object_id', '=', id)
      .orderBy('sequence')
      .execute();
    expect(kinds.map(event => event.kind)).toEqual(['refund.created', 'refund.pending']);
  });

  test('200: with the scope, and a dead attempt behind it; other waits stay', async () => {
    const refund = await accepted();
    await storedAttempt(under, refund, true);
    await setState(under, refund.id, 'pending', 'insufficient_funds');
    const answer = await change(refund.id, { destination: { owner: friend.address } }, { key: under.key });
    expect(answer.body).toMatchObject({
      status: 'pending',
      waiting: { reason: 'insufficient_funds' },
      destination: { how: 'redirect_scope' },
    });
  });

  test('200: metadata is replaced whole, at the end too; nobody is woken', async () => {
    const { id } = await accepted();
    await setState(under, id, 'succeeded');
    await under.db.read.deleteFrom('outbox').where('workflow_id', '=', `refund:${id}`).execute();
    const answer = await change(id, { metadata: { ticket: 8 } });
    expect(answer.body).toMatchObject({ status: 'succeeded', metadata: { ticket: 8 } });
    expect(await under.db.read.selectFrom('outbox').select('kind').where('workflow_id', '=', `refund:${id}`).execute()).toEqual(
      [],
    );
    const last = await under.db.read
      .selectFrom('events')
      .select('kind')
      .where('object_id', '=', id)
      .orderBy('sequence', 'desc')
      .executeTakeFirstOrThrow();
    expect(last.kind).toBe('refund.updated');
  });

  test('both or neither: a refused destination leaves the metadata as it was', async () => {
    const { id } = await accepted();
    expectProblem(await change(id, { metadata: { a: 1 }, destination: { owner: friend.address } }), 422, 'redirect_not_allowed');
    expect((await under.ask('GET', `/v1/refunds/${id}`)).body.metadata).toEqual({});
    const both = await change(id, { metadata: { a: 1 }, destination: { owner: friend.address } }, { key: under.key });
    expect(both.body).toMatchObject({ metadata: { a: 1 }, destination: { owner: friend.address } });
  });

  test('409 attempt_live: what is signed may still land at the old destination', async () => {
    const refund = await accepted();
    await storedAttempt(under, refund, false);
    await setState(under, refund.id, 'processing', 'awaiting_confirmation');
    expectProblem(await change(refund.id, { destination: { owner: friend.address } }, { key: under.key }), 409, 'attempt_live');
    expect((await under.ask('GET', `/v1/refunds/${refund.id}`)).body.destination.how).toBe('payer');
  });

  test.each(['succeeded', 'partially_succeeded', 'failed', 'canceled'])('409 refund_state_conflict from %s', async status => {
    const { id } = await accepted();
    await setState(under, id, status);
    expectProblem(await change(id, { destination: { owner: friend.address } }, { key: under.key }), 409, 'refund_state_conflict');
  });

  test('422: a signature for another refund, or for one that was not there yet', async () => {
    const { id, payment: paid } = await accepted();
    for (const refund of ['re_other', undefined]) {
      const proof = await proofOf({ payment: paid.id, ...(refund ? { refund } : {}) });
      expectProblem(await change(id, { destination: { owner: friend.address, proof } }), 422, 'destination_proof_invalid');
    }
    sighted.next = 'token_account';
    expectProblem(
      await change(id, { destination: { owner: friend.address } }, { key: under.key }),
      422,
      'destination_is_token_account',
    );
  });

  test('400, 401, 403, 404', async () => {
    const { id } = await accepted();
    expectProblem(await change(id, {}), 400, 'invalid_request');
    expectProblem(await change(id, { status: 'succeeded' }), 400, 'invalid_request');
    expectProblem(await change(id, { metadata: 7 }), 400, 'invalid_request');
    expectProblem(await change(id, { metadata: {} }, { key: null }), 401, 'key_missing');
    expectProblem(
      await change(id, { metadata: {} }, { key: await under.mint({ scopes: ['refunds:read'] }) }),
      403,
      'scope_missing',
    );
    expectProblem(await change(id, { metadata: {} }, { key: stranger }), 404, 'refund_not_found');
    expectProblem(await change(id, { destination: { owner: friend.address } }, { key: stranger }), 404, 'refund_not_found');
  });
});
