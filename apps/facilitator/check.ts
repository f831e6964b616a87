import { address, isAddress } from '@solana/kit';
import { findAssociatedTokenPda } from '@solana-program/token';
import type { Chain } from '#libs/chain/chain';
import { type DecodedTransaction, decodeTransaction } from '#libs/chain/decode';
import { assetOfMint } from '#libs/money/assets';
import { parseAtoms } from '#libs/money/atoms';
import { asTokenAccount } from '#libs/money/solana-types';
import { judgeBudgets, type Spender } from '#libs/paywall/sponsor/budgets';
import { checkSponsored } from '#libs/paywall/x402/sponsor-check';
import { type Refused, refused } from '#libs/paywall/x402/vocabulary';
import type { FacilitatorParts } from './parts.ts';
import type { Asked } from './request.ts';

/** A payment that the sponsor may sign, as far as its bytes can tell. */
export interface Checked {
  kind: 'checked';
  asked: Asked;
  transaction: DecodedTransaction;
  chain: Chain;
  spender: Spender;
  lamports: bigint;
}

/** Our own check, before the official one and before anything is signed: what the sponsor would sign, and its budgets. */
export async function checkPayment(parts: FacilitatorParts, asked: Asked, account: string | null): Promise<Checked | Refused> {
  const chain = parts.chains.get(asked.network);
  if (!chain) return refused('invalidNetwork', `${asked.networkName} is not served here`);
  const asset = assetOfMint(asked.network, asked.mint);
  const amount = parseAtoms(asked.amount);
  if (asset === null) return refused('invalidRequirements', 'the asset is not one that is served');
  if (amount === null || amount === 0n) return refused('invalidRequirements', 'the amount is not a positive number of atoms');
  if (!isAddress(asked.payTo)) return refused('invalidRequirements', 'payTo is not an address');
  if (asked.feePayer !== parts.sponsor.address) return refused('feePayerNotManaged', 'extra.feePayer is not an address of ours');

  const decoding = decodeTransaction(asked.wire);
  if (decoding.kind === 'undecodable') return refused('undecodable', decoding.reason);
  const { transaction } = decoding;
  const [account_] = await findAssociatedTokenPda({
    mint: asset.mint,
    owner: address(asked.payTo),
    tokenProgram: asset.tokenProgram,
  });
  const verdict = checkSponsored(transaction, {
    asset,
    amount,
    payToAccount: asTokenAccount(account_),
    memo: asked.memo,
    feePayer: parts.sponsor.address,
    sponsors: [parts.sponsor.address],
  });
  if (verdict.kind === 'refused') return verdict;
  const { payer, lamports } = verdict;
  // A caller that names no account spends from the budget of whoever is paid.
  const spender = { network: asked.network, payer, account: account ?? asked.payTo };
  return { kind: 'checked', asked, transaction, chain, spender, lamports };
}

/** A look at the budgets before anything is signed; the sum that counts is taken when the signed bytes are stored. */
export async function previewBudgets({ db, budgets }: FacilitatorParts, { spender, lamports }: Checked): Promise<Refused | null> {
  const verdict = await judgeBudgets(db.read, budgets, spender, lamports);
  return verdict.kind === 'spent' ? budgetSpent(verdict.whose) : null;
}

export const budgetSpent = (whose: 'payer' | 'account'): Refused =>
  refused('budgetSpent', `the sponsor's budget for this ${whose} is spent for now`);
