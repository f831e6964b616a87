import fc from 'fast-check';
import { receiptHash } from '#libs/receipts/hash';
import { USDC } from './books.ts';

/** A receipt as it comes from a file: nothing is known of it. */
export type Loose = Record<string, unknown> & { nonce: number; prev_receipt_hash: string | null; receipt_hash: string };

export const MINT = 'BcN4ToBs8jE3dbYNhYqDJqGnKPjH3zRX8gsDUDH72JQp';

/** Gives receipts their places and hashes, as a writer of a chain does, honest or not. */
export function chained(bodies: readonly Record<string, unknown>[]): Loose[] {
  const chain: Loose[] = [];
  for (const [nonce, body] of bodies.entries()) {
    chain.push(rehashed({ ...body, nonce, prev_receipt_hash: chain.at(-1)?.receipt_hash ?? null }));
  }
  return chain;
}

/** A receipt with the hash of what it says now. */
export const rehashed = <R extends { nonce: number; prev_receipt_hash: string | null }>(receipt: R) => ({
  ...receipt,
  receipt_hash: receiptHash(receipt),
});

const price = (amount: bigint, asset: string = USDC.mint) => ({
  amount: amount.toString(),
  currency: 'USDC',
  network: 'solana-devnet',
  asset,
});
const call = (n: number, amount: bigint, asset?: string) => ({
  agent: MINT,
  ts: new Date(1_790_000_000_000 + n).toISOString(),
  policy_v: '0.1',
  request: { method: 'GET', url: `https://x.test/x/${n}`, body_hash: null },
  decision: 'allow',
  reason: null,
  price: price(amount, asset),
  facilitator: 'https://facilitator.test',
  response: { status: 200, body_hash: `sha256:${'b'.repeat(64)}` },
  tx_sig: `earn_${n}`,
});

export const earnV1 = (n: number, amount: bigint, asset?: string) => ({
  v: '0.1',
  kind: 'earn',
  ...call(n, amount, asset),
  payment_requirements_hash: 'a'.repeat(64),
});
export const earnV2 = (n: number, amount: bigint) => ({
  v: '0.2',
  kind: 'earn',
  ...call(n, amount),
  protocol: 'mpp',
  mpp_challenge_id: `challenge ${n}`,
  mpp_credential_type: 'crypto',
  mpp_settlement_tx: `earn_${n}`,
  mpp_settlement_slot: '7',
});
/** A call that moved nothing. */
export const denied = (n: number) => ({
  v: '0.1',
  kind: 'spend',
  ...call(n, 5n),
  decision: 'deny',
  reason: 'denyHost',
  price: null,
  facilitator: null,
  tx_sig: null,
  response: null,
});

interface Given {
  amount: bigint;
  original: Loose;
  sequence: number;
  remaining: bigint;
  kind?: 'refund' | 'cashback';
}
export const given = (n: number, { amount, original, sequence, remaining, kind = 'refund' }: Given) => ({
  v: '0.3',
  kind,
  agent: MINT,
  ts: new Date(1_790_000_000_000 + n).toISOString(),
  policy_v: '0.1',
  price: price(amount),
  tx_sig: `given_${n}`,
  original_tx_sig: original.tx_sig,
  original_receipt_hash: original.receipt_hash,
  [`${kind}_id`]: `id_${n}`,
  destination_token_account: 'DestinationTokenAccount',
  sequence,
  remaining_refundable_atomic: remaining.toString(),
  reason: 'other',
});
export const reversal = (n: number, target: Loose) => ({
  v: '0.3',
  kind: 'reversal',
  agent: MINT,
  ts: new Date(1_790_000_000_000 + n).toISOString(),
  policy_v: '0.1',
  price: target.price,
  tx_sig: target.tx_sig,
  voids_receipt_hash: target.receipt_hash,
});

type Act =
  | { do: 'earn1' | 'earn2' | 'deny'; amount: bigint }
  | { do: 'refund' | 'cashback' | 'reverse'; pick: number; share: number };

const act: fc.Arbitrary<Act> = fc.oneof(
  fc.record({
    do: fc.constantFrom('earn1' as const, 'earn2' as const, 'deny' as const),
    amount: fc.bigInt({ min: 1n, max: 1_000n }),
  }),
  fc.record({
    do: fc.constantFrom('refund' as const, 'refund' as const, 'cashback' as const, 'reverse' as const),
    pick: fc.nat(50),
    share: fc.integer({ min: 1, max: 100 }),
  }),
);

/** Chains that are right: versions mixed, partial refunds, cashback, reversals. */
export const rightChain: fc.Arbitrary<Loose[]> = fc.array(act, { minLength: 1, maxLength: 20 }).map(acts => {
  const bodies: Record<string, unknown>[] = [];
  const originals: { receipt: Loose; left: bigint; count: number }[] = [];
  const standing: { receipt: Loose; amount: bigint; of: (typeof originals)[number] | null }[] = [];
  const add = (body: Record<string, unknown>): Loose => {
    bodies.push(body);
    const receipt = chained(bodies).at(-1);
    if (!receipt) throw new Error('an empty chain');
    return receipt;
  };
  for (const [n, one] of acts.entries()) {
    if (one.do === 'deny') add(denied(n));
    else if ('amount' in one) {
      const receipt = add(one.do === 'earn1' ? earnV1(n, one.amount) : earnV2(n, one.amount));
      originals.push({ receipt, left: one.amount, count: 0 });
      standing.push({ receipt, amount: one.amount, of: null });
    } else if (one.do === 'reverse') {
      const [target] = standing.splice(one.pick % Math.max(standing.length, 1), 1);
      if (!target) continue;
      add(reversal(n, target.receipt));
      if (target.of) target.of.left += target.amount;
    } else {
      const original = originals[one.pick % Math.max(originals.length, 1)];
      const amount = original ? (original.left * BigInt(one.share) + 99n) / 100n : 0n;
      if (!original || amount === 0n) continue;
      original.left -= amount;
      original.count++;
      const facts = { amount, original: original.receipt, sequence: original.count, remaining: original.left, kind: one.do };
      standing.push({ receipt: add(given(n, facts)), amount, of: original });
    }
  }
  return chained(bodies);
});
