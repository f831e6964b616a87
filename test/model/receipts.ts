import { createHash } from 'node:crypto';
import { must } from './violation.ts';

/** What the model reads of a receipt; its hash is over all of it. */
export interface Receipt {
  kind: string;
  agent: string;
  nonce: number;
  price: { amount: string; network: string; asset: string };
  prev_receipt_hash: string | null;
  receipt_hash: string;
  original_receipt_hash?: string;
  remaining_refundable_atomic?: string;
  voids_receipt_hash?: string;
}

interface Given {
  hash: string;
  amount: bigint;
}

interface Earned {
  agent: string;
  network: string;
  asset: string;
  amount: bigint;
  given: Given[];
  /** Its own transaction is gone; what was given back of it still has its original here. */
  reversed: boolean;
}

/**
 * I5, written down a second time from API.md alone: one agent's chain, taken as it grows. Nonce without a gap, each hash over
 * the previous, every refund over an original of the same agent, network and asset, the sums within it.
 */
export class ReceiptChain {
  next = 0;
  #last: string | null = null;
  readonly #earned = new Map<string, Earned>();

  get earned(): number {
    return [...this.#earned.values()].filter(one => !one.reversed).length;
  }

  /** What stands given back, over all originals. */
  get given(): bigint {
    return [...this.#earned.values()].reduce((total, one) => total + sumOf(one), 0n);
  }

  add(receipt: Receipt): void {
    const { receipt_hash: hash, ...body } = receipt;
    const fail = (what: string) => () => `I5: receipt ${receipt.nonce} of ${receipt.agent}: ${what}`;
    must(receipt.nonce === this.next, fail(`follows ${this.next - 1}`));
    must(receipt.prev_receipt_hash === this.#last, fail('does not name the previous'));
    must(createHash('sha256').update(canonical(body)).digest('hex') === hash, fail('has another hash'));
    const amount = BigInt(receipt.price.amount);
    const { network, asset } = receipt.price;
    if (receipt.kind === 'earn') {
      this.#earned.set(hash, { agent: receipt.agent, network, asset, amount, given: [], reversed: false });
    } else if (receipt.kind === 'reversal') {
      must(this.#takeBack(receipt.voids_receipt_hash ?? ''), fail('takes back what does not stand'));
    } else {
      const original = this.#earned.get(receipt.original_receipt_hash ?? '');
      must(original !== undefined, fail('names an original that is not there'));
      const same = original.agent === receipt.agent && original.network === network && original.asset === asset;
      must(same, fail('is of another agent, network or asset than its original'));
      original.given.push({ hash, amount });
      must(sumOf(original) <= original.amount, fail('gives back more than was earned'));
      const remains = String(original.amount - sumOf(original));
      must(receipt.remaining_refundable_atomic === remains, fail('has a wrong remainder'));
    }
    this.next++;
    this.#last = hash;
  }

  /** Whether there was a receipt of this hash that stood. */
  #takeBack(hash: string): boolean {
    const earned = this.#earned.get(hash);
    if (earned) {
      const stood = !earned.reversed;
      earned.reversed = true;
      return stood;
    }
    for (const one of this.#earned.values()) {
      const standing = one.given.filter(each => each.hash !== hash);
      if (standing.length === one.given.length) continue;
      one.given = standing;
      return true;
    }
    return false;
  }
}

const sumOf = (one: Earned): bigint => one.given.reduce((total, each) => total + each.amount, 0n);

/** RFC 8785 for what JSON.parse gives: members sorted by UTF-16 code units, numbers and strings as ECMAScript writes them. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([name, one]) => `${JSON.stringify(name)}:${canonical(one)}`).join(',')}}`;
}
