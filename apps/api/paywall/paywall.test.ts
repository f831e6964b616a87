import { describe, expect, test } from 'vitest';
import { bodyHash } from '#libs/receipts/hash';
import { expectProblem, expectShape } from '../testing/expect.ts';
import { carryOut, offerIn, payV1, payV2, settlementIn } from '../testing/paying.ts';
import { DEVNET, usePaywall } from '../testing/use-paywall.ts';
import { BuyerStatus, PaymentRequired, SettlementPending } from './schemas.ts';

const { under, fate, openLink, visit, payments } = usePaywall();

describe('paid', () => {
  test('settles once, then serves: the template, the settlement, a handle on the payment', async () => {
    const link = await openLink({ response: { status: 201, mimeType: 'text/csv', body: 'a,b' } });
    const answer = await visit(link, await payV2(under, offerIn(await visit(link))));
    expect([answer.status, answer.text, answer.headers['content-type']]).toEqual([201, 'a,b', 'text/csv']);
    const [payment] = (await payments()).slice(-1);
    expect(settlementIn(answer)).toMatchObject({ success: true, transaction: `signature of ${payment?.id}` });
    expect(payment).toMatchObject({ status: 'settled', price: '100000', protocol_version: '2', secret_shown: true });
    expect(payment?.request).toEqual({ method: 'GET', url: `https://ebb.test/x/${link}${DEVNET}`, body_hash: null });
    expect(fate.settled).toHaveLength(1);

    const token = String(answer.headers['x-ebb-status']).replace('https://ebb.test', '');
    const status = await under.ask('GET', token, { key: null });
    expectShape(status, 200, BuyerStatus);
    expect(status.body).toMatchObject({
      payment: { id: payment?.id, status: 'settled' },
      delivery: { status: 'delivered' },
      refunds: [],
    });
    expect(status.headers['cache-control']).toBe('no-store');
    expectProblem(await under.ask('GET', token.replace('pay_', 'pay_1'), { key: null }), 404, 'not_found');
  });

  test('a lost answer can be had again with the secret, byte for byte; without it the proof is spent', async () => {
    const link = await openLink();
    const offer = offerIn(await visit(link));
    const headers = await payV2(under, offer);
    const first = await visit(link, headers);
    const again = await visit(link, headers);
    expect([again.status, again.text]).toEqual([200, first.text]);
    expect(again.headers['idempotent-replayed']).toBe('true');
    expect(first.headers['idempotent-replayed']).toBeUndefined();
    expectProblem(await visit(link, await payV2(under, offer, { secret: false })), 409, 'payment_proof_reused');
    expect(fate.settled).toHaveLength(1);
  });

  test('a lost answer outlives its offer, and ends with replay_seconds', async () => {
    const link = await openLink({ delivery: { replay_seconds: 900 } });
    const headers = await payV2(under, offerIn(await visit(link)));
    await visit(link, headers);
    under.clock.advance(600_000);
    expect((await visit(link, headers)).status).toBe(200);
    under.clock.advance(330_000);
    expectProblem(await visit(link, headers), 409, 'payment_proof_reused');
  });

  test('v1: served once, with its own header; then spent', async () => {
    const link = await openLink();
    const headers = await payV1(under, offerIn(await visit(link)));
    const answer = await visit(link, headers);
    expect(answer.status).toBe(200);
    expect(settlementIn(answer, 'x-payment-response')).toMatchObject({ success: true, network: 'solana-devnet' });
    expectProblem(await visit(link, headers), 409, 'payment_proof_reused');
  });

  test('a refused v1 payment is asked for again in the words of v1, without the secret', async () => {
    const [link, elsewhere] = [await openLink(), await openLink()];
    const answer = await visit(elsewhere, await payV1(under, offerIn(await visit(link))));
    expectShape(answer, 402, PaymentRequired);
    expect(answer.body).toMatchObject({ x402Version: 1, accepts: [{ maxAmountRequired: '100000', network: 'solana-devnet' }] });
    expect(JSON.stringify(answer.body)).not.toContain('"ebb"');
  });

  test('wrap_receipt: the template verbatim beside the receipt that proves it was paid', async () => {
    const link = await openLink({ wrap_receipt: true, response: { body: { z: 1, a: 2 } } });
    const answer = await visit(link, await payV2(under, offerIn(await visit(link))));
    expect(answer.text).toMatch(/^\{"data":\{"z":1,"a":2\},"receipt":\{/);
    const { receipt } = answer.body;
    const published = await under.ask('GET', `/v1/receipts/by-hash/${receipt.receipt_hash}`);
    expect(published.body).toEqual(receipt);
  });

  test('a body of any type is taken and its hash is in the receipt’s request', async () => {
    const link = await openLink({ method: 'POST' });
    const call = (headers: Record<string, string> = {}) =>
      under.ask('POST', `/x/${link}${DEVNET}`, {
        key: null,
        headers: { 'content-type': 'image/png', ...headers },
        body: '{ not json',
      });
    const answer = await call(await payV2(under, offerIn(await call())));
    expect(answer.status).toBe(200);
    const [payment] = (await payments()).slice(-1);
    expect(payment?.request).toMatchObject({ method: 'POST', body_hash: bodyHash('{ not json') });
  });

  test('I9: a proof buys one thing on one link, however many bring it at once', async () => {
    const [link, elsewhere] = [await openLink(), await openLink()];
    const headers = await payV2(under, offerIn(await visit(link)));
    const before = (await payments()).length;
    const answers = await Promise.all(Array.from({ length: 12 }, () => visit(link, headers)));
    expect((await payments()).length).toBe(before + 1);
    expect(fate.settled).toHaveLength(1);
    for (const answer of answers) expect([200, 409]).toContain(answer.status);
    expect(answers.filter(one => one.status === 200 && one.headers['idempotent-replayed'] === undefined)).toHaveLength(1);
    expectProblem(await visit(elsewhere, headers), 409, 'payment_proof_reused');
  });

  test('an offer of another link is refused and nothing is claimed', async () => {
    const [link, elsewhere] = [await openLink(), await openLink()];
    const before = (await payments()).length;
    const answer = await visit(elsewhere, await payV2(under, offerIn(await visit(link))));
    expectShape(answer, 402, PaymentRequired);
    expect(answer.body.error).toBe('invalid_payment_requirements');
    expect((await payments()).length).toBe(before);
  });

  test('a transaction that pays less than it says is refused by our own check, before any facilitator is asked', async () => {
    const link = await openLink();
    const answer = await visit(link, await payV2(under, offerIn(await visit(link)), { amount: 1n }));
    expectShape(answer, 402, PaymentRequired);
    expect(answer.body.error).toBe('invalid_exact_svm_payload_amount_mismatch');
    expect(settlementIn(answer)).toMatchObject({ success: false, errorReason: 'invalid_exact_svm_payload_amount_mismatch' });
    expect(fate.settled).toHaveLength(0);
  });

  test('an offer that is too old is refused', async () => {
    const link = await openLink();
    const headers = await payV2(under, offerIn(await visit(link)));
    under.clock.advance(361_000);
    const answer = await visit(link, headers);
    expect([answer.status, answer.body.error]).toEqual([402, 'payment_expired']);
  });
});

describe('not settled', () => {
  test('I3: unknown is 202 with a way to follow it, never 402; meanwhile the proof is 409, and in the end it is served', async () => {
    fate.next = 'stays unknown';
    const link = await openLink();
    const headers = await payV2(under, offerIn(await visit(link)));
    const answer = await visit(link, headers);
    expectShape(answer, 202, SettlementPending);
    expect(answer.headers['x-ebb-status']).toBe(answer.body.status_url);
    const meanwhile = await visit(link, headers);
    expectProblem(meanwhile, 409, 'settlement_in_progress');
    expect(meanwhile.headers['retry-after']).toBeDefined();
    const status = await under.ask('GET', new URL(answer.body.status_url).pathname, { key: null });
    expect(status.body.payment.status).toBe('pending');

    const [line] = fate.settled;
    if (line === undefined) throw new Error('nothing was settled');
    await carryOut(under, line, 'lands');
    expect((await visit(link, headers)).status).toBe(200);
  });

  test('the relay has the settlement too, should this process die now', async () => {
    fate.next = 'stays unknown';
    const link = await openLink();
    await visit(link, await payV2(under, offerIn(await visit(link))));
    const lines = await under.db.read
      .selectFrom('outbox')
      .selectAll()
      .where('workflow_id', '=', fate.settled[0]?.workflowId ?? '')
      .execute();
    expect(lines).toMatchObject([{ kind: 'start', workflow_type: 'settlePayment', priority: 1 }]);
  });

  test('refused before it was submitted: 402 with the reason and new offers', async () => {
    fate.next = 'fails';
    const link = await openLink();
    const headers = await payV2(under, offerIn(await visit(link)));
    for (const answer of [await visit(link, headers), await visit(link, headers)]) {
      expectShape(answer, 402, PaymentRequired);
      expect(answer.body.error).toBe('insufficient_funds');
      expect(settlementIn(answer)).toMatchObject({ success: false, errorReason: 'insufficient_funds' });
    }
  });

  test('given back whole: 409 with the refund', async () => {
    fate.next = 'stays unknown';
    const link = await openLink();
    const headers = await payV2(under, offerIn(await visit(link)));
    const { body } = await visit(link, headers);
    const [line] = fate.settled;
    if (line === undefined) throw new Error('nothing was settled');
    await carryOut(under, line, 'lands');
    const refund = await under.ask('POST', '/v1/refunds', {
      headers: { 'idempotency-key': 'whole' },
      body: { payment_id: body.payment_id },
    });
    expect(refund.status).toBe(201);
    const answer = await visit(link, headers);
    expectProblem(answer, 409, 'payment_refunded');
    expect([answer.body.refund_id, answer.headers['x-ebb-refund']]).toEqual([refund.body.id, refund.body.id]);
    const status = await under.ask('GET', new URL(body.status_url).pathname, { key: null });
    expect(status.body.refunds).toMatchObject([{ id: refund.body.id, amount_atomic: '100000' }]);
  });
});
