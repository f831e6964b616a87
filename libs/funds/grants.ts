/** A refund in line for its treasury's money. Amounts in atoms. */
export interface Waiter {
  id: string;
  amount: bigint;
  /** What has been paid past it since it stands in line. */
  passed: bigint;
}

/**
 * Who may be paid from what is available, of a line in order: the oldest first; who does not fit waits, and what comes after
 * may pass as long as all that has passed them stays within their own amount. So a small one does not wait behind a large
 * one that nobody funds, and a large one is paid at the latest when twice its amount has come in since it was the first in
 * line (docs/adr/short-of-funds.md). `available` may be negative: then nobody is.
 */
export function grants(available: bigint, line: readonly Waiter[]): Set<string> {
  const granted = new Set<string>();
  let left = available;
  /** What may still pass all of those who were passed over; null while there is none. */
  let room: bigint | null = null;
  for (const { id, amount, passed } of line) {
    if (amount <= left && (room === null || amount <= room)) {
      granted.add(id);
      left -= amount;
      if (room !== null) room -= amount;
    } else {
      const own = amount > passed ? amount - passed : 0n;
      room = room === null || own < room ? own : room;
    }
  }
  return granted;
}
