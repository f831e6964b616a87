import { generateKeyPairSigner, none, some } from '@solana/kit';
import { extension, getMintEncoder } from '@solana-program/token-2022';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Chain, ChainUnavailable } from '#libs/chain/chain';
import { TOKEN_2022_PROGRAM } from '#libs/chain/programs';
import { named } from '#libs/chain/transaction.fixture';
import { expectProblem } from '../testing/expect.ts';
import { useApi } from '../testing/use-api.ts';

/** What the chain says of USDG: no fee, a fee of so many basis points, or nothing at all. */
let fee: number | 'unavailable' = 0;
let asked = 0;
const ask = async <T>(): Promise<T> => {
  asked++;
  if (fee === 'unavailable') throw new ChainUnavailable('no RPC answered');
  return { value: { owner: TOKEN_2022_PROGRAM, data: [mintWith(fee), 'base64'] } } as T;
};
const silent = () => Promise.reject(new ChainUnavailable('no RPC answered'));
const chain: Chain = { network: 'solana-devnet', providers: 1, ask, askAll: silent, askEach: silent };
const under = useApi({}, { chains: new Map([['solana-devnet', chain]]) });

function mintWith(transferFeeBasisPoints: number): string {
  const one = { epoch: 0n, maximumFee: 1_000_000n, transferFeeBasisPoints };
  const authority = named('issuer');
  const data = getMintEncoder().encode({
    mintAuthority: none(),
    supply: 0n,
    decimals: 6,
    isInitialized: true,
    freezeAuthority: none(),
    extensions: some([
      extension('TransferFeeConfig', {
        transferFeeConfigAuthority: authority,
        withdrawWithheldAuthority: authority,
        withheldAmount: 0n,
        olderTransferFee: one,
        newerTransferFee: one,
      }),
    ]),
  });
  return Buffer.from(data).toString('base64');
}

let mint = '';
const wanted = (over: object) => ({
  label: 'A thing',
  owner_agent: mint,
  method: 'GET',
  price: '$1',
  response: { body: {} },
  ...over,
});
const create = (over: object, headers = {}) => under.ask('POST', '/v1/payment-links', { body: wanted(over), headers });

beforeAll(async () => {
  mint = (await generateKeyPairSigner()).address;
  await under.ask('POST', '/v1/agents', { body: { mint, label: 'Agent', treasury: { kind: 'managed' } } });
});
beforeEach(() => {
  fee = 50;
  asked = 0;
});

describe('a link for an asset whose mint takes a fee from each transfer', () => {
  test.each([
    ['as its currency', { currency: 'USDG' }, '/currency'],
    ['named by its price', { price: '1 USDG' }, '/currency'],
    ['among those it also accepts', { accepts_currencies: ['USDT', 'USDG'] }, '/accepts_currencies/1'],
  ])('422, %s', async (_, over, pointer) => {
    const answer = await create(over);
    expectProblem(answer, 422, 'asset_unsupported');
    expect(answer.body).toMatchObject({ currency: 'USDG', detail: expect.stringContaining('50 basis points') });
    expect(answer.body.errors).toMatchObject([{ pointer, code: 'asset_unsupported' }]);
  });

  test('422 for a preview of it, too', async () => {
    const { label: _, response: __, ...draft } = wanted({ currency: 'USDG' }) as Record<string, unknown>;
    expectProblem(await under.ask('POST', '/v1/payment-links/preview', { body: draft }), 422, 'asset_unsupported');
  });

  test('201 once it takes none, or where nobody can say', async () => {
    fee = 0;
    expect((await create({ currency: 'USDG' })).status).toBe(201);
    fee = 'unavailable';
    expect((await create({ currency: 'USDG' })).status).toBe(201);
    expect(asked).toBe(2);
  });

  test('201 again for a request that was answered before it did', async () => {
    const headers = { 'idempotency-key': 'link-once' };
    fee = 0;
    const first = await create({ currency: 'USDG' }, headers);
    fee = 50;
    const again = await create({ currency: 'USDG' }, headers);
    expect([again.status, again.body]).toEqual([201, first.body]);
  });

  test('mints that cannot take one are not asked about', async () => {
    expect((await create({ currency: 'USDC', accepts_currencies: ['USDT'] })).status).toBe(201);
    expect(asked).toBe(0);
  });
});
