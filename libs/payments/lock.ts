import type { Caller } from '#libs/accounts/find-caller';
import { AccountSettings } from '#libs/accounts/settings';
import type { Reader, Tx } from '#libs/db/database';
import { paymentBalances } from '#libs/ledger/balances';
import type { Network } from '#libs/money/assets';
import { type Atoms, atoms } from '#libs/money/atoms';
import type { Owner, TokenAccount } from '#libs/money/solana-types';

/** A payment under its row lock, with its balance: two requests for one payment's money meet here. */
export interface LockedPayment {
  id: string;
  account_id: string;
  agent_id: string;
  treasury_id: string;
  treasury_kind: string;
  treasury_owner: Owner;
  /** Where it came in; the same treasury gives it back. */
  treasury_account: TokenAccount;
  link_id: string;
  network: Network;
  status: string;
  asset: string;
  token_program: string;
  currency: string;
  payer_owner: Owner | null;
  payer_account: TokenAccount | null;
  tx_sig: string | null;
  receipt_hash: string | null;
  settled_at: Date | null;
  /** What the account has decided for all its payments; read along, since every refund is judged by it. */
  settings: AccountSettings;
  captured: Atoms;
  refunded: Atoms;
  reserved: Atoms;
  refundable: Atoms;
}

export interface PaymentReference {
  payment_id?: string | undefined;
  original_tx_sig?: string | undefined;
  original_receipt_hash?: string | undefined;
}

/** Whose payments are looked at. */
type Holder = Pick<Caller, 'accountId' | 'network'>;

/** Finds and locks the caller's payment by any of its three names; null when there is none, or it is someone else's. */
export const lockPayment = (tx: Tx, holder: Holder, reference: PaymentReference): Promise<LockedPayment | null> =>
  find(tx, holder, reference, true);

/** The same without the lock: what it says of the balance may be over before it is read. */
export const findPayment = (reader: Reader, holder: Holder, reference: PaymentReference): Promise<LockedPayment | null> =>
  find(reader, holder, reference, false);

async function find(reader: Reader, holder: Holder, reference: PaymentReference, lock: boolean): Promise<LockedPayment | null> {
  const { payment_id, original_tx_sig, original_receipt_hash } = reference;
  let query = reader
    .selectFrom('payments')
    .innerJoin('treasuries', 'treasuries.id', 'payments.treasury_id')
    .innerJoin('accounts', 'accounts.id', 'payments.account_id')
    .select(['payments.id', 'payments.account_id', 'payments.agent_id', 'payments.treasury_id', 'payments.link_id'])
    .select(['payments.status', 'payments.asset', 'payments.token_program', 'payments.currency', 'payments.payer_owner'])
    .select(['payments.payer_account', 'payments.tx_sig', 'payments.receipt_hash', 'payments.settled_at'])
    .select(['treasuries.kind as treasury_kind', 'treasuries.owner as treasury_owner', 'accounts.settings'])
    .select('payments.pay_to_account as treasury_account')
    .where('payments.account_id', '=', holder.accountId)
    .where('payments.network', '=', holder.network);
  if (payment_id !== undefined) query = query.where('payments.id', '=', payment_id);
  if (original_tx_sig !== undefined) query = query.where('tx_sig', '=', original_tx_sig);
  if (original_receipt_hash !== undefined) query = query.where('receipt_hash', '=', original_receipt_hash);
  const row = await (lock ? query.forUpdate('payments') : query).executeTakeFirst();
  if (!row) return null;
  const balance = (await paymentBalances(reader, [row.id])).get(row.id);
  const none = atoms(0n);
  return {
    ...row,
    treasury_owner: row.treasury_owner as Owner,
    treasury_account: row.treasury_account as TokenAccount,
    payer_owner: row.payer_owner as Owner | null,
    payer_account: row.payer_account as TokenAccount | null,
    network: holder.network,
    settings: AccountSettings.parse(row.settings),
    captured: balance?.captured ?? none,
    refunded: balance?.refunded ?? none,
    reserved: balance?.reserved ?? none,
    refundable: balance?.refundable ?? none,
  };
}
