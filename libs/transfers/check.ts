import { associatedAccount } from '#libs/chain/associated';
import { priorityFeeLamports, unitLimitOf, unitPriceOf } from '#libs/chain/compute-budget';
import { type DecodedInstruction, mustDecode } from '#libs/chain/decode';
import { ASSOCIATED_TOKEN_PROGRAM, MEMO_PROGRAM, SYSTEM_PROGRAM } from '#libs/chain/programs';
import { readTokenInstruction } from '#libs/chain/token-layout';
import type { TransferLeg, TransferPlan } from './build.ts';
import { MAX_PRIORITY_LAMPORTS } from './plan.ts';

const CREATE_IDEMPOTENT = 1;
/** More than any transaction of ours uses; the network's own limit is 1,400,000. */
const MAX_UNITS = 1_400_000;

const refusal = (what: string) => new Error(`refusing to send a transaction: ${what}`);
const fail: (what: string) => never = what => {
  throw refusal(what);
};

/**
 * A last look at what is about to be sent, read back from its bytes: the compute budget, then for each leg the account that
 * the plan opens (if it does), its memo and its transfer, in this order, and nothing else. Throws on any difference: a
 * defect that must not reach the chain.
 */
export async function checkOutgoing(wire: Buffer, plan: TransferPlan): Promise<void> {
  const transaction = mustDecode(wire);
  if (transaction.feePayer !== plan.feePayer) fail('another fee payer');
  if (transaction.isDurableNonce) fail('a durable nonce');
  if (transaction.lookupTables.length > 0) fail('a lookup table');
  const allowed = new Set<string>([plan.feePayer, plan.authority]);
  if (transaction.signers.some(signer => !allowed.has(signer))) fail('another signer');
  const rest = [...transaction.instructions];
  const next = (): DecodedInstruction => rest.shift() ?? fail('an instruction is missing');
  checkBudget(next(), next());
  for (const leg of plan.legs) {
    if (leg.open !== null) await checkOpening(next(), plan, leg);
    checkMemo(next(), leg);
    checkTransfer(next(), plan, leg);
  }
  if (rest.length > 0) fail(`an instruction of ${rest[0]?.program}`);
}

function checkBudget(limit: DecodedInstruction, price: DecodedInstruction): void {
  const units = unitLimitOf(limit) ?? fail('no limit of compute units');
  const each = unitPriceOf(price) ?? fail('no price of compute units');
  if (units === 0 || units > MAX_UNITS) fail(`${units} compute units`);
  if (priorityFeeLamports(units, each) > MAX_PRIORITY_LAMPORTS) fail('a price above our limit');
}

async function checkOpening(one: DecodedInstruction, plan: TransferPlan, leg: TransferLeg): Promise<void> {
  const owner = leg.open ?? fail('an account for nobody');
  if (one.program !== ASSOCIATED_TOKEN_PROGRAM) fail(`an instruction of ${one.program} in place of one that opens an account`);
  if (one.data.length !== 1 || one.data[0] !== CREATE_IDEMPOTENT) fail('another instruction of the associated-token program');
  if ((await associatedAccount(owner, plan.mint, plan.tokenProgram)) !== leg.destination)
    fail('not the owner’s associated account');
  const wanted = [plan.feePayer, leg.destination, owner, plan.mint, SYSTEM_PROGRAM, plan.tokenProgram];
  const same = one.accounts.length === wanted.length && wanted.every((account, at) => account === one.accounts[at]);
  if (!same) fail('another account is opened, or by another payer');
}

function checkMemo(one: DecodedInstruction, { memo }: TransferLeg): void {
  if (one.program !== MEMO_PROGRAM) fail(`an instruction of ${one.program} in place of the memo`);
  if (Buffer.from(one.data).toString('utf8') !== memo || one.accounts.length > 0) fail('another memo');
}

function checkTransfer(one: DecodedInstruction, plan: TransferPlan, leg: TransferLeg): void {
  const read = readTokenInstruction(one);
  if (read.kind !== 'transfer') throw refusal(`an instruction of ${one.program} in place of the transfer`);
  const { source, destination, authority, extra, amount, fee, checked, tokenProgram } = read.transfer;
  const same =
    source === plan.source &&
    destination === leg.destination &&
    authority === plan.authority &&
    extra.length === 0 &&
    amount === leg.amount &&
    fee === null &&
    checked?.mint === plan.mint &&
    checked.decimals === plan.decimals &&
    tokenProgram === plan.tokenProgram;
  if (!same) fail('another transfer');
}
