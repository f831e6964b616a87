import type { Tx } from '#libs/db/database';
import { accountName } from './chart.ts';

/**
 * Opens the account of one payment, whose debits (pending and posted) may never exceed its credits: this constraint is I1.
 * Again for the same payment is a no-op; with another asset it is a defect and throws.
 */
export async function openPaymentAccount(tx: Tx, payment: { paymentId: string; asset: string }): Promise<void> {
  const id = accountName({ code: 'payment', object: payment.paymentId });
  const opened = await tx
    .insertInto('ledger_accounts')
    .values({ id, code: 'payment', asset: payment.asset })
    .onConflict(conflict => conflict.column('id').doNothing())
    .returning('id')
    .executeTakeFirst();
  if (opened) return;
  const standing = await tx.selectFrom('ledger_accounts').select('asset').where('id', '=', id).executeTakeFirstOrThrow();
  if (standing.asset !== payment.asset)
    throw new Error(`ledger account ${id} is kept in ${standing.asset}, not ${payment.asset}`);
}
