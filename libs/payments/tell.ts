import type { Tx } from '#libs/db/database';
import type { Ids } from '#libs/ids/ids';
import type { Network } from '#libs/money/assets';
import { mustAtoms } from '#libs/money/atoms';
import { type EventKind, writeEvent } from '#libs/outbox/write-event';
import type { PaymentView } from './view.ts';

/** Writes one event about a payment, with the whole payment as it stands. */
export async function tellPayment(
  tx: Tx,
  ids: Ids,
  accountId: string,
  actor: { type: string; id: string },
  kind: EventKind,
  view: PaymentView,
): Promise<void> {
  await writeEvent(tx, ids, {
    kind,
    network: view.network as Network,
    accountId,
    agent: view.owner_agent,
    actor,
    object: { type: 'payment', id: view.id },
    related: { payment_id: view.id, payment_link_id: view.payment_link_id, receipt_hash: view.receipt_hash },
    clientReference: view.client_reference,
    txSig: view.tx_sig,
    amount: view.amount_atomic === null ? null : mustAtoms(view.amount_atomic),
    asset: view.asset,
    data: view,
  });
}
