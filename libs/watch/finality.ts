import { sql } from 'kysely';
import type { Chain } from '#libs/chain/chain';
import type { Network } from '#libs/money/assets';
import { asSignature } from '#libs/money/solana-types';
import type { Parts } from '#libs/parts';
import { hasGap } from '#libs/transfers/prove';
import { markPaymentGone, stampPayments } from './payment-finality.ts';
import { markLegGone, stampLegs } from './refund-finality.ts';

/** `getSignatureStatuses` takes this many at once. */
const AT_ONCE = 256;
const MAX_PAGES = 40;

export interface Unfinal {
  kind: 'payment' | 'leg';
  id: string;
  signature: string;
  /** Where it was seen: a node that has not finalized this slot cannot have lost it. */
  slot: string;
  /** Where the chain stood, at finalized, when its bytes were stored. */
  mark_slot: string;
  mark_height: string;
  /** An operator's answer, not our bytes: it was final when it was taken, and we have no right to send it. */
  foreign: boolean;
}

type Word = 'finalized' | 'gone' | 'not_yet';

/**
 * Looks in bulk at what is confirmed and not yet final: stamps what is, and marks what every provider has lost. The marks
 * take nothing back: a posting stays until the transaction is proven dead.
 */
export async function watchFinality(parts: Parts): Promise<{ finalized: number; gone: number }> {
  const total = { finalized: 0, gone: 0 };
  for (const [network, chain] of parts.chains) {
    try {
      // Page by page, as long as pages are full: what is not final yet comes last, having the highest slots.
      for (let page = 0; page < MAX_PAGES; page++) {
        const seen = await watchPage(parts, network, chain);
        total.finalized += seen.finalized;
        total.gone += seen.gone;
        if (seen.finalized < AT_ONCE) break;
      }
    } catch (error) {
      // One network's trouble is not the other's.
      parts.log.warn({ network, err: error }, 'finality cannot be looked at');
    }
  }
  return total;
}

async function watchPage(parts: Parts, network: Network, chain: Chain): Promise<{ finalized: number; gone: number }> {
  const open = await unfinal(parts, network);
  if (open.length === 0) return { finalized: 0, gone: 0 };
  const words = await ask(chain, open);
  const those = (kind: Unfinal['kind'], word: Word) => open.filter((one, at) => one.kind === kind && words[at] === word);
  const final = { payments: those('payment', 'finalized'), legs: those('leg', 'finalized') };
  if (final.payments.length + final.legs.length > 0) {
    await parts.db.tx('finality.stamp', async tx => {
      await stampPayments(
        tx,
        parts,
        final.payments.map(one => one.id),
      );
      await stampLegs(tx, parts, final.legs);
    });
  }
  for (const { id } of those('payment', 'gone')) await parts.db.tx('finality.gone', tx => markPaymentGone(tx, parts, id));
  for (const leg of those('leg', 'gone')) await parts.db.tx('finality.gone', tx => markLegGone(tx, parts, leg));
  return { finalized: final.payments.length + final.legs.length, gone: words.filter(word => word === 'gone').length };
}

async function unfinal(parts: Parts, network: Network): Promise<Unfinal[]> {
  const { rows } = await sql<Unfinal>`
    select kind, id, signature, slot::text, mark_slot::text, mark_height::text, foreign_bytes as "foreign" from (
      select 'payment' as kind, id, tx_sig as signature, slot, finalized_slot as mark_slot, finalized_height as mark_height,
        false as foreign_bytes
      from payments
      where network = ${network} and finalized_at is null and tx_sig is not null and status <> 'pending' and status <> 'failed'
      union all
      select 'leg', l.id, l.tx_sig, l.slot, coalesce(t.finalized_slot, p.finalized_slot), coalesce(t.finalized_height, p.finalized_height),
        coalesce(t.last_valid_block_height = 0, false)
      from legs l join refunds r on r.id = l.refund_id join payments p on p.id = r.payment_id
        left join attempts t on t.signature = l.tx_sig
      where r.network = ${network} and l.finalized_at is null and l.status = 'posted') open
    order by open.slot limit ${AT_ONCE}`.execute(parts.db.read);
  return rows;
}

/**
 * Final where one provider says so; gone only where each of them has no trace of it below its own finalized slot, in a
 * history without a gap since its bytes were stored.
 */
async function ask(chain: Chain, open: readonly Unfinal[]): Promise<Word[]> {
  const words = await askStatuses(chain, open);
  const missing = open.filter((_one, at) => words[at] === 'gone');
  if (missing.length === 0 || (await isWhole(chain, missing))) return words;
  return words.map(word => (word === 'gone' ? 'not_yet' : word));
}

/** Whether every provider has each block since the oldest of these was stored. */
async function isWhole(chain: Chain, [first, ...others]: readonly Unfinal[]): Promise<boolean> {
  if (first === undefined) return true;
  const oldest = others.reduce((a, b) => (BigInt(b.mark_slot) < BigInt(a.mark_slot) ? b : a), first);
  const mark = { finalizedSlot: BigInt(oldest.mark_slot), finalizedHeight: BigInt(oldest.mark_height) };
  const gaps = await chain.askEach('finality.status', async rpc => {
    const epoch = await rpc.getEpochInfo({ commitment: 'finalized' }).send();
    return hasGap(rpc, mark, BigInt(epoch.absoluteSlot), BigInt(epoch.blockHeight));
  });
  return gaps.every(gap => !gap);
}

async function askStatuses(chain: Chain, open: readonly Unfinal[]): Promise<Word[]> {
  const signatures = open.map(one => asSignature(one.signature));
  const answers = await chain.askEach('finality.status', async rpc => {
    const finalized = await rpc.getSlot({ commitment: 'finalized' }).send();
    const { context, value } = await rpc.getSignatureStatuses(signatures, { searchTransactionHistory: true }).send();
    return { finalized: BigInt(finalized), context: BigInt(context.slot), value };
  });
  return open.map((one, at) => {
    const seen = answers.map(answer => answer.value[at] ?? null);
    if (seen.some(status => status?.confirmationStatus === 'finalized' && status.err === null)) return 'finalized';
    if (one.foreign) return 'not_yet';
    const lost = answers.every((answer, who) => {
      const status = seen[who] ?? null;
      // A node that is behind has not lost what it has not reached.
      if (answer.context < answer.finalized || answer.finalized < BigInt(one.slot)) return false;
      return status === null || (status.confirmationStatus === 'finalized' && status.err !== null);
    });
    return lost ? 'gone' : 'not_yet';
  });
}
