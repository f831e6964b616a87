import { randomBytes } from 'node:crypto';
import { type Settled, settledPayment } from './settled-payment.ts';
import type { ApiUnderTest } from './use-api.ts';

export interface Accepted {
  payment: Settled;
  id: string;
  leg: string;
}

/** A refund accepted through the API, of a payment settled by hand; nothing carries it. */
export async function acceptedRefund(under: ApiUnderTest, amount = 40_000n, key = under.key): Promise<Accepted> {
  const payment = await settledPayment(under, 100_000n, key);
  const { status, body, text } = await under.ask('POST', '/v1/refunds', {
    key,
    headers: { 'idempotency-key': randomBytes(8).toString('hex') },
    body: { payment_id: payment.id, amount_atomic: amount.toString() },
  });
  if (status !== 201) throw new Error(text);
  return { payment, id: body.id, leg: body.transfers[0].id };
}

/** Puts a refund into a state, with what it waits for: as its carrier would leave it. */
export async function setState(under: ApiUnderTest, id: string, status: string, reason: string | null = null): Promise<void> {
  const since = under.clock.now().toISOString();
  const waiting = reason && { reason, since, expires_at: null, ends_when: 'something happens', actions: [] };
  await under.db.read
    .updateTable('refunds')
    .set({ status, waiting: waiting && JSON.stringify(waiting) })
    .where('id', '=', id)
    .execute();
}

/** Signed bytes of a refund's leg, live or dead, as signing stores them. */
export async function storedAttempt(under: ApiUnderTest, refund: Accepted, dead: boolean): Promise<string> {
  const { treasury_id } = await under.db.read
    .selectFrom('refunds')
    .select('treasury_id')
    .where('id', '=', refund.id)
    .executeTakeFirstOrThrow();
  const signature = randomBytes(32).toString('hex');
  const id = under.parts.ids.next('attempt');
  await under.db.read
    .insertInto('attempts')
    .values({
      id,
      network: 'solana-devnet',
      treasury_id,
      number: 1,
      signature,
      wire: randomBytes(64),
      last_valid_block_height: 900,
      fee_lamports: '10000',
      finalized_slot: 1,
      finalized_height: 1,
      outcome: dead ? 'dead' : 'live',
    })
    .execute();
  await under.db.read.insertInto('attempt_legs').values({ attempt_id: id, leg_id: refund.leg, dead }).execute();
  await under.db.read
    .updateTable('legs')
    .set({ status: dead ? 'reserved' : 'sent' })
    .where('id', '=', refund.leg)
    .execute();
  return signature;
}
