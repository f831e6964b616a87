import type { Tx } from '#libs/db/database';
import { transfer } from '#libs/ledger/transfer';
import type { Network } from '#libs/money/assets';
import { mustAtoms } from '#libs/money/atoms';
import type { LandedLeg } from '#libs/states/outcomes';

/** The rent that our fee payer paid for an account it opened, once per transaction, in lamports. Nothing where it is not known. */
export async function bookRent(tx: Tx, accountId: string, network: Network, refundId: string, landed: LandedLeg): Promise<void> {
  const amount = mustAtoms(landed.rent_lamports ?? '0');
  if (amount === 0n) return;
  await transfer(tx, {
    id: `${landed.attempt_id}:rent`,
    kind: 'single',
    network,
    asset: 'SOL',
    amount,
    debit: { code: 'rent', object: accountId },
    credit: { code: 'fee_payer', object: network },
    occurredAt: new Date(landed.block_time),
    source: { type: 'refund', id: refundId },
    signature: landed.tx_sig,
  });
}
