import { describe, expect, test } from 'vitest';
import { expectProblem, expectShape } from '../testing/expect.ts';
import { nonsense } from '../testing/paying.ts';
import { makeLink } from '../testing/settled-payment.ts';
import { usePaywall } from '../testing/use-paywall.ts';
import { PaymentRequired } from './schemas.ts';

const { under, openLink, visit, payments } = usePaywall();

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
