import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Chain, ChainUnavailable } from '#libs/chain/chain';
import { CallCounter } from '#libs/links/count-calls';
import type { NewLine } from '#libs/outbox/lines';
import { bodyHash } from '#libs/receipts/hash';
import { toRefusal } from '../http/to-refusal.ts';
import type { ApiParts } from '../parts.ts';
import { expectProblem, expectShape } from '../testing/expect.ts';
import { carryOut, type Fate, nonsense, offerIn, payingParts, payV1, payV2, settlementIn } from '../testing/paying.ts';
import { makeLink } from '../testing/settled-payment.ts';
import { useApi } from '../testing/use-api.ts';
import { type Call, Paywall } from './paywall.ts';
import { BuyerStatus, PaymentRequired, SettlementPending } from './schemas.ts';

const fate: { next: Fate; settled: NewLine[] } = { next: 'lands', settled: [] };
const paying = payingParts(fate);
const under = useApi({ EBB_PUBLIC_URL: 'https://ebb.test' }, paying.over);
const DEVNET = '?network=solana-devnet';

/** A link whose treasury is open. */
async function openLink(over: object = {}): Promise<string> {
  const { link } = await makeLink(under, under.key, over);
  await under.db.read.updateTable('treasury_accounts').set({ opened_at: new Date() }).execute();
  return link;
}
const visit = (link: string, headers: Record<string, string> = {}, method = 'GET', query = DEVNET) =>
  under.ask(method, `/x/${link}${query}`, { key: null, headers });
const callTo = (slug: string): Call => ({
  slug,
  method: 'GET',
  path: `/x/${slug}${DEVNET}`,
  network: 'solana-devnet',
  paymentSignature: undefined,
  xPayment: undefined,
  body: null,
  clientReference: null,
});
const payments = () => under.db.read.selectFrom('payments').selectAll().orderBy('created_at').execute();

beforeAll(() => paying.connect(under));
beforeEach(() => {
  fate.next = 'lands';
  fate.settled = [];
});

describe('which link is visited', () => {
  test('404, 404 with the URL that works, 410, 405: in this order', async () => {
    const link = await openLink();
    expectProblem(await visit('nothing-here'), 404, 'not_found');
    const wrong = await visit(link, {}, 'POST', '');
    expectProblem(wrong, 404, 'wrong_network');
    expect(wrong.body.hint).toBe(`https://ebb.test/x/${link}?network=solana-devnet`);
    for (const query of ['?network=mainnet', '?network=solana-mainnet'])
      expectProblem(await visit(link, {}, 'GET', query), 404, 'wrong_network');
    const other = await visit(link, {}, 'POST');
    expectProblem(other, 405, 'method_not_allowed');
    expect(other.headers.allow).toBe('GET, OPTIONS');
    await under.db.read.updateTable('payment_links').set({ disabled_at: new Date() }).where('slug', '=', link).execute();
    expectProblem(await visit(link, {}, 'POST'), 410, 'gone');
  });

  test('devnet is short for solana-devnet; any other word is 400', async () => {
    const link = await openLink();
    expect((await visit(link, {}, 'GET', '?network=devnet')).status).toBe(402);
    expectProblem(await visit(link, {}, 'GET', '?network=testnet'), 400, 'invalid_request');
    expectProblem(await visit(link, {}, 'GET', '?network=devnet&network=mainnet'), 400, 'invalid_request');
  });

  test('503 while the treasury opens', async () => {
    const { link } = await makeLink(under);
    const answer = await visit(link);
    expectProblem(answer, 503, 'treasury_opening');
    expect(answer.headers['retry-after']).toBeDefined();
  });
});

describe('unpaid', () => {
  test('402 with an offer per currency, the same in header and body, kept by nobody and written nowhere', async () => {
    const link = await openLink({ accepts_currencies: ['USDT'], description: 'Tags things' });
    const before = (await payments()).length;
    const answer = await visit(link);
    expectShape(answer, 402, PaymentRequired);
    expect(JSON.parse(Buffer.from(String(answer.headers['payment-required']), 'base64').toString())).toEqual(answer.body);
    expect(answer.headers['cache-control']).toBe('no-store');
    expect(answer.body.resource).toEqual({
      url: `https://ebb.test/x/${link}?network=solana-devnet`,
      description: 'Tags things',
      mimeType: 'application/json',
    });
    expect(answer.body.accepts.map((offer: { amount: string }) => offer.amount)).toEqual(['100000', '100000']);
    expect((await payments()).length).toBe(before);
  });

  test('browsers of any origin may read it, and may ask first', async () => {
    const link = await openLink();
    for (const answer of [await visit(link), await visit('nothing-here')]) {
      expect(answer.headers['access-control-allow-origin']).toBe('*');
      expect(answer.headers['access-control-expose-headers']).toContain('PAYMENT-REQUIRED');
    }
    const preflight = await visit(link, { origin: 'https://shop.test', 'access-control-request-method': 'GET' }, 'OPTIONS');
    expect(preflight.status).toBe(204);
    expect(preflight.headers['access-control-allow-headers']).toContain('PAYMENT-SIGNATURE');
  });

  test('calls are counted, without a row for each', async () => {
    const link = await openLink();
    for (let i = 0; i < 3; i++) await visit(link);
    const read = () => under.ask('GET', `/v1/payment-links/${link}`);
    expect((await read()).body.counters).toMatchObject({ call_count: 0, last_called_at: null });
    await under.api.flushCalls();
    const { counters } = (await read()).body;
    expect(counters.call_count).toBe(3);
    expect(counters.last_called_at).not.toBeNull();
  });

  test('a proof that cannot be read is 402 with x402’s word for it', async () => {
    const answer = await visit(await openLink(), nonsense);
    expectShape(answer, 402, PaymentRequired);
    expect(answer.body.error).toBe('invalid_payload');
  });
});

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

describe('what is out of reach', () => {
  test('no facilitator: nothing can be offered, and 503 says so', async () => {
    const link = await openLink();
    const without = { facilitators: new Map(), chains: under.parts.chains };
    const paywall = new Paywall({ ...under.parts, ...without }, under.api.origin, new CallCounter(under.clock));
    await expect(paywall.answer(callTo(link))).rejects.toThrow('facilitator_unavailable');
  });

  test('no RPC for the network, or none that answers: 503, and nothing is claimed', async () => {
    const link = await openLink();
    const { 'payment-signature': paymentSignature } = await payV2(under, offerIn(await visit(link)));
    const before = (await payments()).length;
    const over = (chains: ApiParts['chains']) =>
      new Paywall({ ...under.parts, chains }, under.api.origin, new CallCounter(under.clock));
    await expect(over(new Map()).answer(callTo(link))).rejects.toThrow('network_not_configured');
    const silent = {
      network: 'solana-devnet',
      providers: 1,
      ask: () => Promise.reject(new ChainUnavailable('silent')),
    } as unknown as Chain;
    const answer = over(new Map([['solana-devnet', silent]])).answer({ ...callTo(link), paymentSignature });
    await expect(answer).rejects.toThrow(ChainUnavailable);
    expect(toRefusal(new ChainUnavailable('silent')).code).toBe('chain_unavailable');
    expect((await payments()).length).toBe(before);
    expect((await visit(link, { 'payment-signature': paymentSignature })).status).toBe(200);
  });

  test('the database goes away: 503, never a 402', async () => {
    const link = await openLink();
    const headers = await payV2(under, offerIn(await visit(link)));
    const { db } = under.parts;
    const tx = db.tx;
    db.tx = () => Promise.reject(Object.assign(new Error('gone'), { code: 'ECONNREFUSED' }));
    try {
      expectProblem(await visit(link, headers), 503, 'database_unavailable');
    } finally {
      db.tx = tx;
    }
    expect((await visit(link, headers)).status).toBe(200);
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
