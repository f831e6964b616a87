import { parseAtoms } from '#libs/money/atoms';
import { receiptHash } from './hash.ts';
import { AnyReceipt, type GivenReceipt, type ReversalReceipt } from './shape.ts';

/** What can be wrong with a receipt. The first five are also what verifiers of versions 0.1 and 0.2 say. */
export type Fault =
  | 'invalid_json'
  | 'invalid_schema'
  | 'nonce_mismatch'
  | 'prev_hash_mismatch'
  | 'receipt_hash_mismatch'
  | 'agent_mismatch'
  | 'original_missing'
  | 'original_mismatch'
  | 'exceeds_original'
  | 'sequence_mismatch'
  | 'remaining_mismatch'
  | 'voided_missing'
  | 'voided_mismatch'
  | 'voided_twice';

/** `nonce` is the place in the chain at which it stops being right. */
export type Verdict = { ok: true; count: number } | { ok: false; nonce: number; reason: Fault };

/**
 * Verifies one agent's chain from its start, versions mixed: gapless nonces, hashes, each over the one before, and for
 * every refund, cashback and reversal that what it names came before, with the same agent, network and asset, and that the
 * sums, without what was reversed, stay within the original (I5). Pure; a receipt cut off the end cannot be seen.
 */
export function verifyChain(receipts: Iterable<unknown>): Verdict {
  const chain = new ChainVerifier();
  for (const receipt of receipts) {
    const fault = chain.add(receipt);
    if (fault !== null) return { ok: false, nonce: chain.count, reason: fault };
  }
  return { ok: true, count: chain.count };
}

interface Original {
  amount: bigint;
  txSig: string;
  network: string | undefined;
  asset: string | undefined;
  /** Refund and cashback receipts so far, and the sum of those that stand. */
  count: number;
  given: bigint;
}

type Voidable = {
  network: string | undefined;
  asset: string | undefined;
  amount: string;
  voided: boolean;
  original: Original | null;
};

/** Takes a chain's receipts in order, one by one, for chains that are read as they come. */
export class ChainVerifier {
  /** How many were right so far. */
  count = 0;
  #agent: string | null = null;
  #prev: string | null = null;
  readonly #originals = new Map<string, Original>();
  readonly #voidable = new Map<string, Voidable>();

  /** What is wrong with the next receipt, or null; `undefined` stands for text that is not JSON. A fault ends the chain. */
  add(value: unknown): Fault | null {
    if (value === undefined) return 'invalid_json';
    const read = AnyReceipt.safeParse(value);
    if (!read.success) return 'invalid_schema';
    const receipt = read.data;
    const fault = this.#place(receipt, value as object) ?? this.#meaning(receipt);
    if (fault !== null) return fault;
    this.#agent = receipt.agent;
    this.#prev = receipt.receipt_hash;
    this.count++;
    return null;
  }

  /** The hash is taken over what was given, not over what was read of it: no field may hide from it. */
  #place(receipt: AnyReceipt, value: object): Fault | null {
    if (receipt.nonce !== this.count) return 'nonce_mismatch';
    if (receipt.prev_receipt_hash !== this.#prev) return 'prev_hash_mismatch';
    if (receipt.receipt_hash !== hashOf(value)) return 'receipt_hash_mismatch';
    if (this.#agent !== null && receipt.agent !== this.#agent) return 'agent_mismatch';
    return null;
  }

  #meaning(receipt: AnyReceipt): Fault | null {
    if (receipt.v !== '0.3') {
      const { price } = receipt;
      const amount = price === null ? null : parseAtoms(price.amount);
      const txSig = receipt.tx_sig || (receipt.v === '0.2' ? receipt.mpp_settlement_tx : null);
      // Nothing moved by it, so nothing can be given back or reversed.
      if (receipt.decision !== 'allow' || !txSig || price === null || amount === null) return null;
      const paid = { network: price.network, asset: price.asset };
      const original = { ...paid, amount, txSig, count: 0, given: 0n };
      if (receipt.kind === 'earn') this.#originals.set(receipt.receipt_hash, original);
      this.#voidable.set(receipt.receipt_hash, { ...paid, amount: price.amount, voided: false, original: null });
      return null;
    }
    return receipt.kind === 'reversal' ? this.#reversal(receipt) : this.#given(receipt);
  }

  #given(receipt: GivenReceipt): Fault | null {
    const { price } = receipt;
    const amount = BigInt(price.amount);
    const original = this.#originals.get(receipt.original_receipt_hash);
    if (!original) return 'original_missing';
    const same = original.network === price.network && original.asset === price.asset;
    if (!same || original.txSig !== receipt.original_tx_sig) return 'original_mismatch';
    if (original.given + amount > original.amount) return 'exceeds_original';
    if (receipt.sequence !== original.count + 1) return 'sequence_mismatch';
    const remaining = original.amount - original.given - amount;
    if (BigInt(receipt.remaining_refundable_atomic) !== remaining) return 'remaining_mismatch';
    original.count++;
    original.given += amount;
    const { network, asset } = price;
    this.#voidable.set(receipt.receipt_hash, { network, asset, amount: price.amount, voided: false, original });
    return null;
  }

  #reversal(receipt: ReversalReceipt): Fault | null {
    const target = this.#voidable.get(receipt.voids_receipt_hash);
    if (!target) return 'voided_missing';
    if (target.voided) return 'voided_twice';
    const { network, asset, amount } = receipt.price;
    if (target.network !== network || target.asset !== asset || target.amount !== amount) return 'voided_mismatch';
    target.voided = true;
    // A reversed earn receipt still counts as an original: what was given back of it was given back.
    if (target.original) target.original.given -= BigInt(amount);
    return null;
  }
}

/** Null for what has no canonical form, which no hash can equal. */
function hashOf(value: object): string | null {
  try {
    return receiptHash(value);
  } catch {
    return null;
  }
}
