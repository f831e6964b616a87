import type { Database } from '#libs/db/database';
import { type Ids, ulidIds } from '#libs/ids/ids';
import { openPaymentAccount } from '#libs/ledger/open-payment-account';
import { transfer } from '#libs/ledger/transfer';
import { type Asset, assetOf } from '#libs/money/assets';
import { atoms } from '#libs/money/atoms';

/** The asset that tests count in when it does not matter. */
export const USDC: Asset = assetOf('solana-devnet', 'USDC');

export const ids: Ids = ulidIds();

/** Books a settled payment of so many atoms, without the rows around it. Returns its id. */
export async function bookPayment(db: Database, captured: bigint, paymentId = ids.next('payment')): Promise<string> {
  await db.tx('settle.record', async tx => {
    await openPaymentAccount(tx, { paymentId, asset: USDC.mint });
    await transfer(tx, {
      id: `settle:${paymentId}`,
      kind: 'single',
      network: USDC.network,
      asset: USDC.mint,
      amount: atoms(captured),
      debit: { code: 'treasury', object: 'try_test' },
      credit: { code: 'payment', object: paymentId },
      occurredAt: new Date('2026-11-01T10:00:00.000Z'),
      source: { type: 'payment', id: paymentId },
    });
  });
  return paymentId;
}
