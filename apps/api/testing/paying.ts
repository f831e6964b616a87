import type { Chain } from '#libs/chain/chain';
import { atoms } from '#libs/money/atoms';
import { asTokenAccount } from '#libs/money/solana-types';
import type { NewLine } from '#libs/outbox/lines';
import { failSettlement } from '#libs/payments/fail';
import { recordSettlement } from '#libs/payments/record';
import type { FacilitatorClient } from '#libs/paywall/facilitator-client';
import type { Requirements } from '#libs/paywall/x402/offers';
import {
  buyer,
  header,
  headerV1,
  headerV2,
  limit,
  memo,
  price,
  signedBy,
  source,
  sponsor,
  transfer,
} from '#libs/paywall/x402/payment.fixture';
import type { ApiParts } from '../parts.ts';
import type { Answered, ApiUnderTest } from './use-api.ts';

/** What a settlement does in a test: land, fail, or not come back in time. */
export type Fate = 'lands' | 'fails' | 'stays unknown';

/** A facilitator that names the fixture's sponsor, a chain that knows its height, and a settlement of the test's choosing. */
export function payingParts(fate: { next: Fate; settled: NewLine[] }): {
  over: Partial<ApiParts>;
  connect(under: ApiUnderTest): void;
} {
  let under: ApiUnderTest | undefined;
  const facilitator: Partial<FacilitatorClient> = {
    url: 'http://facilitator.test',
    supported: async () => ({ kind: 'supported', feePayers: { 'solana-devnet': [sponsor.address], 'solana-mainnet': [] } }),
  };
  const chain: Chain = {
    network: 'solana-devnet',
    providers: 1,
    ask: async <T>() => ({ absoluteSlot: 1_000n, blockHeight: 900n }) as T,
    askAll: async <T>() => [{ absoluteSlot: 1_000n, blockHeight: 900n } as T],
    askEach: async () => [],
  };
  return {
    connect(api) {
      under = api;
    },
    over: {
      facilitators: new Map([['solana-devnet', facilitator as FacilitatorClient]]),
      chains: new Map([['solana-devnet', chain]]),
      async settle(line) {
        fate.settled.push(line);
        if (under === undefined) throw new Error('the API is not connected');
        await carryOut(under, line, fate.next);
      },
    },
  };
}

/** Does what the settlement's workflow would have done by then. */
export async function carryOut(under: ApiUnderTest, line: NewLine, fate: Fate): Promise<void> {
  const { payment_id, amount_atomic } = line.input as { payment_id: string; amount_atomic: string };
  const run = { workflow_id: line.workflowId, run_id: 'run', started_at: new Date().toISOString() };
  if (fate === 'fails') {
    await failSettlement(under.parts, payment_id, run, { kind: 'refused', code: 'insufficient_funds', message: 'no funds' });
  }
  if (fate === 'lands') {
    await recordSettlement(under.parts, payment_id, run, {
      tx_sig: `signature of ${payment_id}`,
      slot: '1001',
      block_time: under.clock.now().toISOString(),
      captured_atomic: amount_atomic,
      fee_lamports: '10000',
      payer: { owner: buyer.address, token_account: source, how: 'sole_transfer' },
    });
  }
}

/** The offer of a 402, as its header has it. */
export function offerIn(answer: Answered): Requirements {
  const required = JSON.parse(Buffer.from(String(answer.headers['payment-required']), 'base64').toString('utf8'));
  return required.accepts[0];
}

/** Signs a payment of an offer; `lie` changes what the transaction pays. */
async function wireFor(under: ApiUnderTest, offer: Requirements, lie: { amount?: bigint } = {}): Promise<string> {
  const account = await under.db.read
    .selectFrom('treasury_accounts as a')
    .innerJoin('treasuries as t', 't.id', 'a.treasury_id')
    .select('a.token_account')
    .where('t.owner', '=', offer.payTo)
    .where('a.mint', '=', offer.asset)
    .executeTakeFirstOrThrow();
  const amount = atoms(lie.amount ?? BigInt(offer.amount));
  const instructions = [
    limit(20_000),
    price(1n),
    transfer(amount, asTokenAccount(account.token_account)),
    memo(offer.extra.memo),
  ];
  return signedBy([buyer], instructions);
}

/** The header of an official v2 client; `secret: false` is what a reader of the chain could rebuild. */
export async function payV2(under: ApiUnderTest, offer: Requirements, options: { amount?: bigint; secret?: boolean } = {}) {
  const { ebb: _, ...bare } = offer.extra;
  const accepted = options.secret === false ? { ...offer, extra: bare } : offer;
  return { 'payment-signature': headerV2(accepted, await wireFor(under, offer, options)) };
}

export const payV1 = async (under: ApiUnderTest, offer: Requirements) => ({ 'x-payment': headerV1(await wireFor(under, offer)) });

export const nonsense = { 'payment-signature': header({ x402Version: 2, accepted: {}, payload: {} }) };

/** The settlement that an answer speaks of, from its header. */
export const settlementIn = (answer: Answered, name = 'payment-response') =>
  JSON.parse(Buffer.from(String(answer.headers[name]), 'base64').toString('utf8'));
