import type { Address } from '@solana/kit';
import { type Asset, assetOfMint, type Network } from '#libs/money/assets';
import { type Atoms, parseAtoms } from '#libs/money/atoms';
import type { Owner, TokenAccount } from '#libs/money/solana-types';
import { memoIssuedAt } from './memo.ts';
import { MAX_TIMEOUT_SECONDS, type Requirements, requirements, requirementsHash } from './offers.ts';
import type { Proof } from './proof.ts';
import { type Refused, refused } from './vocabulary.ts';

/** Clocks of our own processes may differ by this much, and a request is under way for a while. */
export const OFFER_SLACK_SECONDS = 60;

/** The resource that a proof was brought to, as it stands now. */
export interface BoundTo {
  network: Network;
  /** The link's immutable internal id. */
  linkId: string;
  payTo: Owner;
  /** The treasury's token account for each mint it takes. What the link costs now does not matter: the memo knows. */
  tokenAccounts: ReadonlyMap<string, TokenAccount>;
  /** Every address of the facilitator that offers may name. */
  feePayers: readonly Address[];
}

/** An offer that we did issue, for this resource, taken up in time. Built by us: nothing in it is the buyer's word. */
export interface BoundOffer {
  asset: Asset;
  amount: Atoms;
  memo: string;
  issuedAt: Date;
  payToAccount: TokenAccount;
  feePayer: Address;
  requirements: Requirements;
  requirementsHash: string;
}

/**
 * Says which of our offers a proof takes up: the memo is one that we issued for this link, network, asset and amount
 * (its HMAC is computed again, no row is needed), the rest of what was accepted is what we offer, and it is not too
 * late. A price raised since then does not matter: it was in the memo. Pure.
 */
export function bindProof(
  proof: Proof,
  to: BoundTo,
  memoKey: Uint8Array,
  now: Date,
): { kind: 'bound'; offer: BoundOffer } | Refused {
  if (proof.network !== to.network) return refused('invalidNetwork', 'the payment is for another network');
  if (proof.memo === null) return refused('memoCount', 'the transaction must carry exactly one memo');
  const claim = proof.accepted === null ? claimOfTransaction(proof) : claimOfAccepted(proof, proof.accepted);
  if (claim.kind === 'refused') return claim;

  const asset = assetOfMint(to.network, claim.mint);
  const payToAccount = to.tokenAccounts.get(claim.mint);
  const feePayer = to.feePayers.find(one => one === claim.feePayer);
  if (asset === null || payToAccount === undefined) return refused('invalidRequirements', 'the asset was not offered');
  if (feePayer === undefined) return refused('feePayerNotManaged', 'the fee payer is not one that was offered');
  if (claim.payTo !== null && claim.payTo !== to.payTo) return refused('invalidRequirements', 'payTo was not offered');

  const { linkId, network } = to;
  const issuedAt = memoIssuedAt(memoKey, { network, linkId, mint: asset.mint, amount: claim.amount }, proof.memo);
  if (issuedAt === null) return refused('invalidRequirements', 'no such offer was made for this resource');
  const age_s = (now.getTime() - issuedAt.getTime()) / 1_000;
  if (age_s > MAX_TIMEOUT_SECONDS + OFFER_SLACK_SECONDS) return refused('expired', 'the offer has expired: ask for a new one');
  if (age_s < -OFFER_SLACK_SECONDS) return refused('invalidRequirements', 'the offer is from the future');

  const bound = requirements({ network, asset, amount: claim.amount, payTo: to.payTo, feePayer, memo: proof.memo });
  return {
    kind: 'bound',
    offer: {
      asset,
      amount: claim.amount,
      memo: proof.memo,
      issuedAt,
      payToAccount,
      feePayer,
      requirements: bound,
      requirementsHash: requirementsHash(bound),
    },
  };
}

interface Claim {
  kind: 'claim';
  mint: string;
  amount: Atoms;
  feePayer: string;
  /** Null for v1: the transaction names the token account, which the sponsor check compares. */
  payTo: string | null;
}

function claimOfAccepted(proof: Proof, accepted: NonNullable<Proof['accepted']>): Claim | Refused {
  const amount = parseAtoms(accepted.amount);
  if (amount === null) return refused('invalidRequirements', 'amount is not a decimal number of atoms');
  if (accepted.memo !== proof.memo)
    return refused('memoMismatch', 'the transaction carries another memo than the accepted offer');
  if (accepted.maxTimeoutSeconds !== MAX_TIMEOUT_SECONDS)
    return refused('invalidRequirements', 'maxTimeoutSeconds was not offered');
  if (proof.secret === 'wrong') return refused('invalidRequirements', 'extra.ebb was not offered');
  return { kind: 'claim', mint: accepted.asset, amount, feePayer: accepted.feePayer, payTo: accepted.payTo };
}

/** v1 echoes no offer, so the transaction itself must say which one it takes up. */
function claimOfTransaction({ transaction }: Proof): Claim | Refused {
  const [transfer, ...more] = transaction.transfers;
  if (!transfer?.checked || more.length > 0)
    return refused('noTransfer', 'the transaction must hold exactly one TransferChecked');
  return { kind: 'claim', mint: transfer.checked.mint, amount: transfer.amount, feePayer: transaction.feePayer, payTo: null };
}
