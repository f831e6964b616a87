import { mustDecode } from '#libs/chain/decode';
import { readTokenInstruction } from '#libs/chain/token-layout';
import { MEMO_PROGRAM, type TransferPlan } from './build.ts';

const COMPUTE_BUDGET = 'ComputeBudget111111111111111111111111111111';

/**
 * A last look at what is about to be sent, read back from its bytes: these transfers, from this treasury, and nothing else.
 * Throws on any difference: a defect that must not reach the chain.
 */
export function checkOutgoing(wire: Buffer, plan: TransferPlan): void {
  const transaction = mustDecode(wire);
  const fail: (what: string) => never = what => {
    throw new Error(`refusing to send a transaction: ${what}`);
  };
  if (transaction.feePayer !== plan.feePayer) fail('another fee payer');
  if (transaction.isDurableNonce) fail('a durable nonce');
  const known = new Set<string>([COMPUTE_BUDGET, MEMO_PROGRAM, plan.tokenProgram]);
  const stranger = transaction.instructions.find(one => !known.has(one.program ?? ''));
  if (stranger) fail(`an instruction of ${stranger.program}`);
  const transfers = transaction.instructions.filter(one => one.program === plan.tokenProgram).map(readTokenInstruction);
  if (transfers.length !== plan.legs.length) fail(`${transfers.length} transfers for ${plan.legs.length} legs`);
  for (const [at, leg] of plan.legs.entries()) {
    const one = transfers[at];
    if (one?.kind !== 'transfer') throw new Error('refusing to send a transaction: not a transfer');
    const { source, destination, authority, amount, checked, tokenProgram } = one.transfer;
    const same =
      source === plan.source &&
      destination === leg.destination &&
      authority === plan.authority &&
      amount === leg.amount &&
      checked?.mint === plan.mint &&
      tokenProgram === plan.tokenProgram;
    if (!same) fail(`leg ${at} is another transfer`);
  }
}
