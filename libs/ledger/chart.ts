/** The chart of accounts, per network and asset. The database knows the same list (migration 0002). */
export const CODES = [
  'treasury',
  'payment',
  'owner_funding',
  'suspense',
  'refund',
  'cashback',
  'cashback_payable',
  'fee_payable',
  'platform_treasury',
  'network_fee',
  'rent',
  'fee_payer',
  'chain_loss',
] as const;

export type Code = (typeof CODES)[number];

/** One side of a transfer: what kind of account, and whose (a payment's, treasury's, account's id, or a network). */
export interface Side {
  code: Code;
  object: string;
}

/** `payment:pay_…`, `treasury:try_…`, `fee_payer:solana-devnet`: the name of an account in the books. */
export const accountName = (side: Side): string => `${side.code}:${side.object}`;
