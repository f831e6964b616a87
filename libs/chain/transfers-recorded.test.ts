import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { asMint, asTokenAccount } from '#libs/money/solana-types';
import type { TransactionAnswer } from './executed.ts';
import { settledTransfer } from './transfers.ts';

interface Recorded extends Record<'treasury' | 'mint' | 'buyer' | 'buyerAccount' | 'owner' | 'ownerAccount' | 'passing', string> {
  /** What a validator (Agave 3.1, classic Token program) answered for transactions that really ran. */
  validator: Record<string, TransactionAnswer>;
  /** Transactions with the batch instruction that the newer Token program really carried out, balances from the run. */
  pToken: Record<string, TransactionAnswer>;
}

const recorded = JSON.parse(readFileSync(new URL('./recorded.fixture.json', import.meta.url), 'utf8')) as Recorded;
const { treasury, mint, buyer, buyerAccount, owner, ownerAccount, passing } = recorded;
const read = (answer: TransactionAnswer | undefined) => {
  if (!answer) throw new Error('not recorded');
  return settledTransfer(answer, { account: asTokenAccount(treasury), mint: asMint(mint) });
};
const paid = (captured: bigint, from: string, tokenAccount: string, how = 'balances') => ({
  kind: 'settled',
  captured,
  payer: { owner: from, tokenAccount, how },
});

describe('recorded from a validator', () => {
  test.each<[string, object]>([
    ['plain', paid(100_000n, buyer, buyerAccount)],
    ['delegate', paid(20_000n, buyer, buyerAccount)],
    ['opened', paid(30_000n, owner, passing, 'initialize')],
    ['opened by the associated-token program', paid(40_000n, owner, ownerAccount, 'initialize')],
    ['lookup table', paid(50_000n, buyer, buyerAccount)],
    ['two transfers', { kind: 'not_derivable', captured: 60_001n }],
  ])('%s', (name, expected) => {
    expect(read(recorded.validator[name])).toMatchObject(expected);
  });
});

describe('the batch instruction as the program carried it out', () => {
  test('one of its transfers is ours', () => {
    expect(read(recorded.pToken.batch)).toMatchObject(paid(70_000n, buyer, buyerAccount));
  });

  test('two of two payers are ours', () => {
    expect(read(recorded.pToken['batch of two to us'])).toMatchObject({ kind: 'not_derivable', captured: 70_000n });
  });
});
