import { describe, expect, test } from 'vitest';
import { type Chain, ChainUnavailable } from '#libs/chain/chain';
import { CallCounter } from '#libs/links/count-calls';
import { toRefusal } from '../http/to-refusal.ts';
import type { ApiParts } from '../parts.ts';
import { expectProblem } from '../testing/expect.ts';
import { offerIn, payV2 } from '../testing/paying.ts';
import { DEVNET, usePaywall } from '../testing/use-paywall.ts';
import { type Call, Paywall } from './paywall.ts';

const { under, openLink, visit, payments } = usePaywall();
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
      askAll: () => Promise.reject(new ChainUnavailable('silent')),
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
