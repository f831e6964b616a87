import { sql } from 'kysely';
import type { Tx } from '#libs/db/database';
import { paymentBalances } from '#libs/ledger/balances';
import { type PaymentStatus, settledStatus } from '#libs/states/payment';

/** Gives a locked, settled payment the name that its balance now has. One that is gone from the chain keeps `pending`. */
export async function nameByBalance(tx: Tx, paymentId: string, before: PaymentStatus): Promise<PaymentStatus> {
  // It is being proven: its refunds do not bring it back.
  if (before === 'pending') return before;
  const status = await settledName(tx, paymentId);
  await tx.updateTable('payments').set({ status, updated_at: sql`now()` }).where('id', '=', paymentId).execute();
  return status;
}

/** What a payment that is on the chain is called, by its balance. */
export async function settledName(tx: Tx, paymentId: string): Promise<PaymentStatus> {
  const balance = (await paymentBalances(tx, [paymentId])).get(paymentId);
  if (!balance) throw new Error(`payment ${paymentId} has no balance`);
  return settledStatus({ ...balance, cashback: 0n });
}
