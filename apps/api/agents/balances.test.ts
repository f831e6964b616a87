import { beforeEach, describe, expect, test } from 'vitest';
import { type Chain, ChainUnavailable } from '#libs/chain/chain';
import { TOKEN_PROGRAM } from '#libs/chain/programs';
import { USDC } from '#test/support/books';
import { expectProblem, expectShape } from '../testing/expect.ts';
import { settledPayment } from '../testing/settled-payment.ts';
import { tokenAccount } from '../testing/sighted-chain.ts';
import { useApi } from '../testing/use-api.ts';
import { TreasuryBalances } from './schemas.ts';

/** A chain that shows the same balance in every account asked for; null: it does not answer. */
const shown: { balance: bigint | null } = { balance: 0n };
const none = () => Promise.reject(new ChainUnavailable('no RPC answered'));
const chain = {
  network: 'solana-devnet',
  providers: 1,
  ask: async () => {
    if (shown.balance === null) throw new ChainUnavailable('no RPC answered');
    const one = { owner: TOKEN_PROGRAM, data: [tokenAccount({ amount: shown.balance }), 'base64'] };
    return { context: { slot: 77n }, value: [one, one, null] };
  },
  askAll: none,
  askEach: none,
} as unknown as Chain;
const under = useApi({}, { chains: new Map([['solana-devnet', chain]]) });
const url = (mint: string) => `/v1/agents/${mint}/treasury/balances`;

beforeEach(() => {
  shown.balance = 1_000n;
});

describe('GET /v1/agents/{mint}/treasury/balances', () => {
  test('200: what is on chain, less what is in flight and reserved; and what is short', async () => {
    const { id, mint } = await settledPayment(under, 100_000n);
    const refund = (amount: string) =>
      under.ask('POST', '/v1/refunds', { body: { payment_id: id, amount_atomic: amount, external_id: `r-${amount}` } });
    await refund('300');
    const sent = (await refund('200')).body.id as string;
    await under.db.read.updateTable('legs').set({ status: 'sent' }).where('refund_id', '=', sent).execute();
    await under.db.read.updateTable('refunds').set({ status: 'processing' }).where('id', '=', sent).execute();

    const answer = await under.ask('GET', url(mint));
    expectShape(answer, 200, TreasuryBalances);
    expect(answer.body).toMatchObject({ owner_agent: mint, network: 'solana-devnet', slot: '77' });
    const usdc = () => answer.body.balances.find((one: { asset: string }) => one.asset === USDC.mint);
    const held = usdc().on_chain_atomic;
    expect(usdc()).toMatchObject({ currency: 'USDC', in_flight_atomic: '200', reserved_atomic: '300' });
    expect(BigInt(usdc().available_atomic) - BigInt(usdc().short_atomic)).toBe(BigInt(held) - 500n);
    for (const other of answer.body.balances.filter((one: { asset: string }) => one.asset !== USDC.mint)) {
      expect(other).toMatchObject({ in_flight_atomic: '0', reserved_atomic: '0', available_atomic: other.on_chain_atomic });
    }
    expect(new Set(answer.body.balances.map((one: { on_chain_atomic: string }) => one.on_chain_atomic))).toEqual(
      new Set(['1000', '0']),
    );
  });

  test('200: where the treasury cannot pay what it owes, nothing is available and it says how much is missing', async () => {
    shown.balance = 100n;
    const { id, mint } = await settledPayment(under, 100_000n);
    await under.ask('POST', '/v1/refunds', { body: { payment_id: id, amount_atomic: '60000', external_id: 'much' } });
    const { body } = await under.ask('GET', url(mint));
    const usdc = body.balances.find((one: { asset: string }) => one.asset === USDC.mint);
    expect(usdc).toMatchObject({ available_atomic: '0', reserved_atomic: '60000' });
    expect(BigInt(usdc.short_atomic)).toBe(60_000n - BigInt(usdc.on_chain_atomic));
  });

  test('404 for someone else’s and nobody’s agent, 403 without the scope, 503 where the chain does not answer', async () => {
    const { mint } = await settledPayment(under);
    expectProblem(await under.ask('GET', url(mint), { key: await under.mint({ account: 'stranger' }) }), 404, 'agent_not_found');
    expectProblem(await under.ask('GET', url('nobody')), 404, 'agent_not_found');
    expectProblem(
      await under.ask('GET', url(mint), { key: await under.mint({ scopes: ['agents:read'] }) }),
      403,
      'scope_missing',
    );
    shown.balance = null;
    expectProblem(await under.ask('GET', url(mint)), 503, 'chain_unavailable');
  });
});
