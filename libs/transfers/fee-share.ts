/**
 * What one of the legs that a transaction carries bears of its fee, in lamports: an equal part, and the first legs one lamport
 * more where it does not divide. The shares of all legs add up to the fee. `at` counts from 0, in an order that stays.
 */
export function feeShare(fee: bigint, legs: number, at: number): bigint {
  if (!Number.isInteger(at) || at < 0 || at >= legs) throw new RangeError(`leg ${at} of ${legs}`);
  const count = BigInt(legs);
  return fee / count + (BigInt(at) < fee % count ? 1n : 0n);
}
