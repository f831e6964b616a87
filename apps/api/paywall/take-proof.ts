import type { Address } from '@solana/kit';
import type { Chain } from '#libs/chain/chain';
import type { Link } from '#libs/links/link';
import { assetOfMint } from '#libs/money/assets';
import { type Heights, type ProofToClaim } from '#libs/payments/claim';
import { bindProof } from '#libs/paywall/x402/binding';
import type { Proof } from '#libs/paywall/x402/proof';
import { checkSponsored } from '#libs/paywall/x402/sponsor-check';
import { type Refused, refused } from '#libs/paywall/x402/vocabulary';
import { refuse } from '#libs/problems/refusal';
import { bodyHash } from '#libs/receipts/hash';
import { takesFee } from '#libs/transfers/mint-now';
import type { ApiParts } from '../parts.ts';
import { openOffers } from './offer.ts';

/** The request that brought the proof. */
export interface Bringing {
  link: Link;
  feePayers: readonly Address[];
  proof: Proof;
  method: string;
  url: string;
  body: Buffer | null;
  clientReference: string | null;
}

/** Judges a proof that nobody has claimed: does it take up an offer of ours for this link, and nothing beside. Writes nothing. */
export function judgeProof(
  parts: Pick<ApiParts, 'keys' | 'clock'>,
  { link, feePayers, proof, ...request }: Bringing,
): { kind: 'good'; claim: ProofToClaim } | Refused {
  const tokenAccounts = new Map(openOffers(link).map(offer => [offer.asset.mint as string, offer.tokenAccount]));
  const to = { network: link.network, linkId: link.id, payTo: link.treasury.payTo, tokenAccounts, feePayers };
  const binding = bindProof(proof, to, parts.keys.memo, parts.clock.now());
  if (binding.kind === 'refused') return binding;
  const { asset, amount, memo, payToAccount, feePayer, requirements, requirementsHash } = binding.offer;
  const verdict = checkSponsored(proof.transaction, { asset, amount, payToAccount, memo, feePayer, sponsors: feePayers });
  if (verdict.kind === 'refused') return verdict;
  return {
    kind: 'good',
    claim: {
      accountId: link.accountId,
      agentId: link.agent.id,
      agentMint: link.agent.mint,
      treasuryId: link.treasury.id,
      linkId: link.id,
      linkSlug: link.slug,
      network: link.network,
      protocol: 'x402',
      protocolVersion: String(proof.version),
      messageHash: proof.transaction.messageHash,
      wire: Buffer.from(proof.wire, 'base64'),
      memo,
      secretShown: proof.secretShown,
      requirements,
      requirementsHash,
      request: { method: request.method, url: request.url, body_hash: bodyHash(request.body) },
      price: amount,
      asset: asset.mint,
      tokenProgram: asset.tokenProgram,
      currency: asset.currency,
      payToAccount,
      clientReference: request.clientReference,
    },
  };
}

/** A mint that keeps part of the transfer since the link was made: the seller would get less than the price. */
export async function mintRefusal(chain: Chain | undefined, { network, asset }: ProofToClaim): Promise<Refused | null> {
  if (chain === undefined) return refuse('network_not_configured');
  const paidIn = assetOfMint(network, asset);
  const fee = paidIn && (await takesFee(chain, 'api.pay.asset', paidIn));
  return fee ? refused('invalidRequirements', `${paidIn.currency} is not taken until ${fee.ends_when}`) : null;
}

/** Where the chain stands now. Asked before the claim: what bounds a transaction's life must be known with its bytes. */
export async function heightsOf(chain: Chain | undefined): Promise<Heights> {
  if (chain === undefined) return refuse('network_not_configured');
  const [seen, finalized] = await Promise.all([
    chain.askAll('api.pay.height', rpc => rpc.getEpochInfo({ commitment: 'processed' })),
    chain.askAll('api.pay.height', rpc => rpc.getEpochInfo({ commitment: 'finalized' })),
  ]);
  // A node that lags would date the bytes too early, and so have them expire too early: the furthest says how far it is.
  const tip = seen.reduce((a, b) => (b.blockHeight > a.blockHeight ? b : a));
  const last = finalized.reduce((a, b) => (b.blockHeight < a.blockHeight ? b : a));
  return {
    seenSlot: BigInt(tip.absoluteSlot),
    seenHeight: BigInt(tip.blockHeight),
    finalizedSlot: BigInt(last.absoluteSlot),
    finalizedHeight: BigInt(last.blockHeight),
  };
}
