import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Chain } from '#libs/chain/chain';
import { readComputeBudget } from '#libs/chain/compute-budget';
import { mustDecode } from '#libs/chain/decode';
import { TOKEN_PROGRAM } from '#libs/chain/programs';
import { BLOCKHASH, named } from '#libs/chain/transaction.fixture';
import { atoms } from '#libs/money/atoms';
import { asMint, asOwner, asTokenAccount } from '#libs/money/solana-types';
import type { TransferPlan } from './build.ts';
import { cappedPrice, feeOf, MAX_PRIORITY_LAMPORTS, prepare, raisedPrice } from './plan.ts';

const price = fc.bigInt(0n, 10_000_000_000n);
const attempt = fc.integer({ min: 1, max: 40 });

describe('the price of a unit', () => {
  test('is one that three of four recent transactions paid or less', () => {
    fc.assert(
      fc.property(fc.array(price, { minLength: 1, maxLength: 150 }), recent => {
        const paid = raisedPrice(recent, 1);
        expect(recent).toContain(paid);
        expect(recent.filter(one => one <= paid).length).toBeGreaterThanOrEqual(Math.floor(recent.length * 0.75));
      }),
    );
    expect(raisedPrice([], 1)).toBe(0n);
  });

  test('rises with every attempt that died, from nothing too, and not for ever', () => {
    fc.assert(
      fc.property(fc.array(price, { maxLength: 20 }), fc.integer({ min: 1, max: 10 }), (recent, n) => {
        expect(raisedPrice(recent, n + 1)).toBeGreaterThan(raisedPrice(recent, n));
        expect(raisedPrice(recent, 12)).toBe(raisedPrice(recent, 11));
      }),
    );
  });

  test('never makes a transaction cost more than its signatures and the cap', () => {
    fc.assert(
      fc.property(price, attempt, fc.integer({ min: 1, max: 1_400_000 }), (market, n, unitLimit) => {
        const unitPrice = cappedPrice(raisedPrice([market], n), unitLimit);
        const fee = feeOf({ unitLimit, unitPrice });
        expect(fee).toBeLessThanOrEqual(10_000n + MAX_PRIORITY_LAMPORTS);
        expect(fee).toBeGreaterThanOrEqual(10_000n);
      }),
    );
  });
});

describe('before anything is stored', () => {
  const plan: TransferPlan = {
    feePayer: asOwner(named('fee payer')),
    authority: asOwner(named('merchant')),
    source: asTokenAccount(named('treasury')),
    mint: asMint(named('mint')),
    tokenProgram: TOKEN_PROGRAM,
    decimals: 6,
    legs: [{ memo: 'ebb:refund:re_1:0', destination: asTokenAccount(named('buyer')), amount: atoms(100n), open: null }],
  };
  const steps = { lifetime: 'refund.blockhash', simulate: 'refund.simulate' } as const;

  /** A chain that simulates as told, and what it was asked to simulate. */
  function chainThat(simulated: { err: unknown; unitsConsumed?: bigint }) {
    const wires: string[] = [];
    const send = <T>(value: T) => ({ send: async () => value });
    const rpc = {
      getLatestBlockhash: () => send({ value: { blockhash: BLOCKHASH, lastValidBlockHeight: 150n } }),
      getEpochInfo: () => send({ absoluteSlot: 40n, blockHeight: 30n }),
      getRecentPrioritizationFees: () => send([{ slot: 1n, prioritizationFee: 2_000n }]),
      simulateTransaction: (wire: string) => {
        wires.push(wire);
        return send({ value: simulated });
      },
    };
    const ask = (_step: string, question: (asked: typeof rpc) => { send(): Promise<unknown> }) => question(rpc).send();
    return { wires, chain: { network: 'solana-devnet', providers: 1, ask } as unknown as Chain };
  }

  test('it is simulated, and may then use a fifth more units than it did', async () => {
    const { chain, wires } = chainThat({ err: null, unitsConsumed: 31_001n });
    expect(await prepare(chain, steps, plan, 1)).toEqual({
      budget: { unitLimit: 37_202, unitPrice: 2_000n },
      lifetime: { blockhash: BLOCKHASH, lastValidBlockHeight: 150n },
      mark: { finalizedSlot: 40n, finalizedHeight: 30n },
      feeLamports: 10_000n + 75n,
    });
    expect(wires).toHaveLength(1);
    const trial = mustDecode(Buffer.from(wires[0] ?? '', 'base64'));
    expect(trial.feePayer).toBe(plan.feePayer);
    expect(readComputeBudget(trial.instructions)).toMatchObject({ unitLimit: 60_000 });
  });

  test('what the chain would refuse comes back with the chain’s words', async () => {
    const { chain } = chainThat({ err: { InstructionError: [3, { Custom: 17n }] } });
    expect(await prepare(chain, steps, plan, 1)).toEqual({ error: '{"InstructionError":[3,{"Custom":"17"}]}' });
  });

  test('after deaths it bids more for the same transaction', async () => {
    const { chain } = chainThat({ err: null, unitsConsumed: 30_000n });
    expect(await prepare(chain, steps, plan, 3)).toMatchObject({ budget: { unitLimit: 36_000, unitPrice: 4_500n } });
  });
});
