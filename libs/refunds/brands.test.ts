import { expect, test } from 'vitest';
import { associatedAccount } from '#libs/chain/associated';
import { TOKEN_PROGRAM } from '#libs/chain/programs';
import { asMint, asOwner, asTokenAccount } from '#libs/money/solana-types';
import type { TransferLeg, TransferPlan } from '#libs/transfers/build';
import type { Route } from './destination.ts';
import type { Destination } from './redirect.ts';
import { planOf } from './route-plan.ts';
import type { LegAtWork } from './take.ts';

/*
 * Tokens sent to a wallet's address, or to the address of a closed token account taken for a wallet, are gone. What
 * stands here under `@ts-expect-error` does not compile; the day it does, `npm run check` fails at that line.
 */

const owner = asOwner('BcN4ToBs8jE3dbYNhYqDJqGnKPjH3zRX8gsDUDH72JQp');
const account = asTokenAccount('2xuaKD9YSVuSf1my8H2agaZdih6fYxf8ZBpycMsViDks');
const mint = asMint('4zMMC9srt5Ri5X14GAgXhaHii3GnPAEERYPJgZJDncDU');

function wrong(route: Route, leg: LegAtWork, to: Destination, plan: TransferPlan, part: TransferLeg): void {
  // @ts-expect-error an owner is no token account to pay to
  route.destination = owner;
  // @ts-expect-error nor to pay from
  route.source = owner;
  // @ts-expect-error a token account owns nothing
  route.owner = account;
  // @ts-expect-error a text is neither
  route.destination = 'BcN4ToBs8jE3dbYNhYqDJqGnKPjH3zRX8gsDUDH72JQp';
  // @ts-expect-error a mint is no token account
  route.destination = mint;
  // @ts-expect-error the mint is not the account
  route.mint = account;
  // @ts-expect-error a token account pays no fee
  route.feePayer = account;
  // @ts-expect-error what a leg is paid to
  leg.destination_account = owner;
  // @ts-expect-error whom a leg is paid to
  leg.destination_owner = account;
  // @ts-expect-error what a leg is paid from
  leg.treasury_account = owner;
  // @ts-expect-error where a refund goes
  to.tokenAccount = owner;
  // @ts-expect-error to whom it goes
  to.owner = account;
  // @ts-expect-error the plan's authority owns the source
  plan.authority = account;
  // @ts-expect-error and the source is its account
  plan.source = owner;
  // @ts-expect-error a leg is paid to an account
  part.destination = owner;
  // @ts-expect-error that is opened for an owner
  part.open = account;
  // @ts-expect-error the address of a closed token account is no wallet: no account is derived from it
  void associatedAccount(account, mint, TOKEN_PROGRAM);
  // @ts-expect-error a plan's destination is an account
  planOf(owner, leg, owner);
  // @ts-expect-error and its fee payer a wallet
  planOf(account, leg, account);
}

test('the brands cost nothing at run time: an address is its text', () => {
  expect([owner, account, mint].map(one => typeof one)).toEqual(['string', 'string', 'string']);
  expect(wrong).toBeTypeOf('function');
});
