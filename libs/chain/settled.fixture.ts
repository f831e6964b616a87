import type { Address } from '@solana/kit';
import { asMint, asTokenAccount } from '#libs/money/solana-types';
import { answerOf, type Held, instruction, named, type Ran, transferChecked } from './transaction.fixture.ts';
import { settledTransfer } from './transfers.ts';

export const sponsor = named('sponsor');
export const buyer = named('buyer');
export const source = named('source');
export const treasury = named('treasury');
export const merchant = named('merchant');
export const mint = named('mint');
export const to = { account: asTokenAccount(treasury), mint: asMint(mint) };

export const held = (account: Address, owner: Address, amount: bigint): Held => ({ account, mint, owner, amount });
export const pays = (amount: bigint, from = source, authority = buyer) =>
  transferChecked({ source: from, authority }, { mint, destination: treasury }, amount);
/** The plain case: the buyer had 500 and pays 100 to a treasury that held 7. */
export const settle = (ran: readonly Ran[], changes: { before?: Held[]; after?: Held[] } = {}) =>
  settledTransfer(
    answerOf(
      sponsor,
      ran,
      changes.before ?? [held(source, buyer, 500n), held(treasury, merchant, 7n)],
      changes.after ?? [held(source, buyer, 400n), held(treasury, merchant, 107n)],
    ),
    to,
  );
export const paidBy = (owner: Address, tokenAccount = source, how = 'balances') => ({
  kind: 'settled',
  captured: 100n,
  payer: { owner, tokenAccount, how },
});
export const program = (name: string) => named(`program ${name}`);
export const call = (name: string, ...accounts: Address[]) => instruction(program(name), accounts, Uint8Array.from([1]));
export const squads = 'SQDS4ep65T869zMMBKyuUq6aD6EgTu8psMjkvj52pCf' as Address;
