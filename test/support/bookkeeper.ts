import { randomBytes } from 'node:crypto';
import type { Caller } from '#libs/accounts/find-caller';
import type { Database } from '#libs/db/database';
import { accountSums, paymentBalances } from '#libs/ledger/balances';
import type { Signature } from '#libs/money/solana-types';
import type { Parts } from '#libs/parts';
import { recordSettlement } from '#libs/payments/record';
import { listReceipts } from '#libs/receipts/read';
import { acceptRefund } from '#libs/refunds/accept';
import { postLeg } from '#libs/refunds/post';
import type { RefundRequest } from '#libs/refunds/request';
import { reverseLeg } from '#libs/refunds/reverse';
import { moveRefund } from '#libs/refunds/transition';
import { viewRefund } from '#libs/refunds/view';
import { waitFor } from '#libs/states/waiting';
import { liveAttempt, storeAttempt } from '#libs/transfers/attempts';
import type { Verdict } from '#libs/transfers/prove';
import { markPaymentGone } from '#libs/watch/payment-finality';
import { markLegGone, stampLegs } from '#libs/watch/refund-finality';
import { endWithoutMoney } from '#libs/watch/reverse-payment';
import { ids, USDC } from './books.ts';
import { insertAgent, insertPayment, PACE } from './rows.ts';

const VERDICT: Verdict = {
  kind: 'expired_and_absent',
  finalized_slot: '900',
  finalized_height: '900',
  last_valid_block_height: '300',
  providers: 2,
};
const DEAD = { kind: 'dead' as const, code: 'payment_reversed', message: 'gone' };
const SLOT = 500;

/**
 * One agent's books without a chain: every word of the chain is a call of the test's. What is written is written by the
 * same functions that carry money.
 */
export class Bookkeeper {
  readonly db: Database;
  readonly parts: Parts;
  readonly of: Awaited<ReturnType<typeof insertAgent>>;

  /** `config`: the signers' limits, none where left out. */
  constructor(db: Database, of: Awaited<ReturnType<typeof insertAgent>>, config: Partial<Parts['config']> = {}) {
    this.db = db;
    this.of = of;
    this.parts = {
      db,
      ids,
      pace: PACE,
      clock: { now: () => new Date() },
      log: { info() {}, warn() {}, error() {} },
      config,
      chains: new Map(),
      facilitators: new Map(),
      workflowUrl: () => null,
    } as unknown as Parts;
  }

  static async open(db: Database, config: Partial<Parts['config']> = {}): Promise<Bookkeeper> {
    return new Bookkeeper(db, await insertAgent(db), config);
  }

  async #run(carrier: string) {
    return { workflow_id: carrier, run_id: ids.bare(), started_at: new Date().toISOString() };
  }

  /** A payment that has landed, recorded as its workflow records it. */
  async paid(captured: bigint): Promise<string> {
    const { id, txSig } = await insertPayment(this.db, this.of, captured);
    await this.db.read
      .updateTable('payments')
      .set({ status: 'pending', captured: null, tx_sig: null, submitted_at: new Date() })
      .set({ request: JSON.stringify({ method: 'GET', url: 'https://x.test', body_hash: null }) })
      .where('id', '=', id)
      .execute();
    await this.seen(id, captured, txSig);
    return id;
  }

  /** The chain has the payment, for the first time or again. */
  async seen(id: string, captured: bigint, txSig: string): Promise<void> {
    await recordSettlement(this.parts, id, await this.#run(`settlement:${id}`), {
      tx_sig: txSig,
      slot: String(SLOT),
      block_time: new Date().toISOString(),
      captured_atomic: captured.toString(),
      fee_lamports: '5000',
      payer: { owner: 'PayerOwner', token_account: 'PayerTokenAccount', how: 'transfer' },
    });
  }

  /** The payment is there again. */
  async found(id: string): Promise<void> {
    const { captured, tx_sig } = await this.payment(id);
    await this.seen(id, BigInt(captured ?? 0), tx_sig ?? '');
  }

  lost = (id: string) => this.db.tx('finality.gone', tx => markPaymentGone(tx, this.parts, id));
  /** The payment is proven dead. */
  dead = async (id: string) => endWithoutMoney(this.parts, id, await this.#run(`settlement:${id}`), DEAD);

  /** Accepts a refund; all that is left without an amount. */
  async refund(paymentId: string, amount?: bigint, more: Partial<RefundRequest> = {}): Promise<string> {
    const caller = { accountId: this.of.accountId, network: USDC.network, keyId: 'key', scopes: new Set() } as unknown as Caller;
    const body = { payment_id: paymentId, ...(amount === undefined ? {} : { amount_atomic: amount.toString() }), ...more };
    const deps = { ...this.parts, db: this.db };
    const ask = { route: 'POST /v1/payments/refund', key: ids.bare(), body, clientReference: null };
    const answer = await acceptRefund(deps, caller, ask);
    return JSON.parse(JSON.stringify(answer.body)).id as string;
  }

  /** Signs and stores what the leg's next attempt would be. */
  async signed(refundId: string, n = 0): Promise<string> {
    const leg = await this.leg(refundId, n);
    return this.db.tx('refund.store', async tx => {
      const refund = await tx.selectFrom('refunds').selectAll().where('id', '=', refundId).forUpdate().executeTakeFirstOrThrow();
      const id = ids.next('attempt');
      await storeAttempt(tx, {
        id,
        network: refund.network,
        treasuryId: refund.treasury_id,
        number: 1,
        legIds: [leg.id],
        signature: `sig_${ids.bare()}` as Signature,
        wire: randomBytes(8),
        lastValidBlockHeight: 300n,
        feeLamports: 10_000n,
        finalizedSlot: 1n,
        finalizedHeight: 1n,
      });
      await tx.updateTable('legs').set({ status: 'sent' }).where('id', '=', leg.id).execute();
      const waiting = waitFor('awaiting_confirmation', new Date());
      await moveRefund(tx, this.parts, refund, { type: 'workflow', id: 'test' }, { to: 'processing', waiting });
      return id;
    });
  }

  /** What the chain says of the leg's live attempt, as *pay* tells *post*. */
  async landed(refundId: string, n = 0) {
    const leg = await this.leg(refundId, n);
    const attempt = await liveAttempt(this.db.read, leg.id);
    if (!attempt) throw new Error(`leg ${leg.id} has no live attempt`);
    return {
      attempt_id: attempt.id,
      tx_sig: attempt.signature,
      slot: String(SLOT + 1),
      block_time: new Date().toISOString(),
      fee_lamports: '10000',
    };
  }

  async post(refundId: string, landed: Awaited<ReturnType<Bookkeeper['landed']>>, n = 0) {
    const leg = await this.leg(refundId, n);
    return postLeg(this.parts, { legId: leg.id, refundId }, await this.#run(`refund:${refundId}`), landed);
  }

  /** Signed, landed and posted. */
  async given(refundId: string, n = 0): Promise<void> {
    await this.signed(refundId, n);
    await this.post(refundId, await this.landed(refundId, n), n);
  }

  async legGone(refundId: string, n = 0): Promise<void> {
    const leg = await this.leg(refundId, n);
    await this.db.tx('finality.gone', tx => markLegGone(tx, this.parts, { id: leg.id, signature: leg.tx_sig ?? '' }));
  }

  /** Its attempt is proven dead. */
  async legDead(refundId: string, attemptId: string, n = 0): Promise<void> {
    const leg = await this.leg(refundId, n);
    const ref = { legId: leg.id, refundId, carrier: `refund:${refundId}` };
    await reverseLeg(this.parts, ref, { attemptId, verdict: VERDICT });
  }

  async legFinal(refundId: string, n = 0): Promise<void> {
    const leg = await this.leg(refundId, n);
    await this.db.tx('finality.stamp', tx => stampLegs(tx, this.parts, [{ id: leg.id, signature: leg.tx_sig ?? '' }]));
  }

  leg = (refundId: string, n = 0) =>
    this.db.read.selectFrom('legs').selectAll().where('refund_id', '=', refundId).where('leg', '=', n).executeTakeFirstOrThrow();
  payment = (id: string) => this.db.read.selectFrom('payments').selectAll().where('id', '=', id).executeTakeFirstOrThrow();
  view = (refundId: string) => viewRefund(this.db.read, refundId, () => null);
  balance = async (id: string) => (await paymentBalances(this.db.read, [id])).get(id);
  receipts = async () => (await listReceipts(this.db.read, { agentId: this.of.agent.id, limit: 10_000 })).toReversed();
  counters = () =>
    this.db.read.selectFrom('link_counters').selectAll().where('link_id', '=', this.of.linkId).executeTakeFirstOrThrow();
  outbox = (workflowId: string) =>
    this.db.read.selectFrom('outbox').select('kind').where('workflow_id', '=', workflowId).orderBy('id').execute();

  /** What the books say an account holds, debits less credits, in atoms (or lamports). */
  async holds(account: Parameters<typeof accountSums>[1], asset: string = USDC.mint): Promise<bigint> {
    const { debitsPosted, creditsPosted } = await accountSums(this.db.read, account, asset);
    return debitsPosted - creditsPosted;
  }
  treasury = () => this.holds({ code: 'treasury', object: this.of.agent.treasury.id });

  async told(objectId: string): Promise<string[]> {
    const events = await this.db.read
      .selectFrom('events')
      .select('kind')
      .where('object_id', '=', objectId)
      .orderBy('sequence')
      .execute();
    return events.map(event => event.kind);
  }
}
