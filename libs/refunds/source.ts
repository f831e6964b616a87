import { sql } from 'kysely';
import type { Reader } from '#libs/db/database';
import type { Side } from '#libs/ledger/chart';
import { asOwner, asTokenAccount, type Owner, type TokenAccount } from '#libs/money/solana-types';
import type { LockedPayment } from '#libs/payments/lock';
import { refuse } from '#libs/problems/refusal';
import type { RefundRequest } from './request.ts';

/** The treasury that pays a refund, and its account in the books. */
export interface MoneySource {
  treasuryId: string;
  side: Side;
  tokenAccount: TokenAccount;
  owner: Owner;
}

/**
 * Where a refund's money comes from: the payment's own treasury, or the account's platform treasury. Refuses
 * `source_not_allowed` where we hold no key that could pay, or the account has no such treasury; `treasury_opening` while its
 * token account is not there yet.
 */
export async function sourceOf(reader: Reader, payment: LockedPayment, request: RefundRequest): Promise<MoneySource> {
  if (request.source !== 'platform') {
    if (payment.treasury_kind !== 'managed') {
      refuse('source_not_allowed', {
        detail: `The treasury of this agent is ${payment.treasury_kind}: Ebb holds no key that could pay from it.`,
      });
    }
    return {
      treasuryId: payment.treasury_id,
      side: { code: 'treasury', object: payment.treasury_id },
      tokenAccount: payment.treasury_account,
      owner: payment.treasury_owner,
    };
  }
  const platform = await platformAccount(reader, payment);
  if (!platform) {
    return refuse('source_not_allowed', {
      detail: 'This account has no platform treasury: make one with `POST /v1/account/treasury`.',
    });
  }
  if (platform.opened_at === null) {
    refuse('treasury_opening', {
      detail: 'The token account of the platform treasury is being opened; nothing was reserved.',
      headers: { 'retry-after': '3' },
    });
  }
  return {
    treasuryId: platform.id,
    side: { code: 'platform_treasury', object: platform.id },
    tokenAccount: asTokenAccount(platform.token_account),
    owner: asOwner(platform.owner),
  };
}

async function platformAccount(reader: Reader, payment: LockedPayment) {
  const { rows } = await sql<{ id: string; owner: string; token_account: string; opened_at: Date | null }>`
    select t.id, t.owner, ta.token_account, ta.opened_at from treasuries t
    join treasury_accounts ta on ta.treasury_id = t.id and ta.mint = ${payment.asset}
    where t.account_id = ${payment.account_id} and t.network = ${payment.network} and t.kind = 'platform'`.execute(reader);
  return rows[0] ?? null;
}
