import { type Address, isOffCurveAddress } from '@solana/kit';
import type { Caller } from '#libs/accounts/find-caller';
import { associatedAccount } from '#libs/chain/associated';
import { type Chain, ChainUnavailable } from '#libs/chain/chain';
import type { Reader, Tx } from '#libs/db/database';
import { asMint, asOwner, type Owner, type TokenAccount, type TokenProgram } from '#libs/money/solana-types';
import type { PaymentReference } from '#libs/payments/lock';
import { refuse } from '#libs/problems/refusal';
import type { Step } from '#libs/steps/registry';
import { lookAtDestination, type Sight } from './destination.ts';
import { type RedirectClaim, redirectText, signedByPayer } from './redirect-proof.ts';

/** The payer's agreement, as the request brings it. */
export interface Proof {
  nonce: string;
  expires_at: string;
  /** ed25519, base58. */
  signature: string;
}

export interface AskedDestination {
  owner: string;
  proof?: Proof | undefined;
}

/** Whose money it is, and what it is. */
export interface RedirectSubject {
  id: string;
  network: string;
  payer_owner: Owner | null;
  payer_account: TokenAccount | null;
  asset: string;
  token_program: string;
  treasury_owner: Owner;
}

export interface Destination {
  owner: Owner;
  tokenAccount: TokenAccount;
  how: 'payer' | 'redirect_signed' | 'redirect_scope';
}

/** Where wallets keep an asset of an owner. */
const accountFor = (owner: Owner, { asset, token_program }: { asset: string; token_program: string }): Promise<TokenAccount> =>
  associatedAccount(owner, asMint(asset), token_program as TokenProgram);

/**
 * Asks the chain about a destination that a caller names, before anything is locked; null where it does not answer, or
 * there is nothing to ask: then the refund is accepted, and its workflow asks again.
 */
export async function sightOf(
  chain: Chain,
  step: Step,
  subject: { asset: string; token_program: string } | null,
  asked: AskedDestination | undefined,
): Promise<Sight | null> {
  if (!subject || !asked) return null;
  try {
    return await lookAtDestination(chain, step, asOwner(asked.owner), await accountFor(asOwner(asked.owner), subject));
  } catch (error) {
    if (error instanceof ChainUnavailable) return null;
    throw error;
  }
}

/** The asset of the caller's payment, unlocked; null where there is none. */
export async function assetOfPayment(reader: Reader, owner: Pick<Caller, 'accountId' | 'network'>, name: PaymentReference) {
  let query = reader
    .selectFrom('payments')
    .select(['asset', 'token_program'])
    .where('account_id', '=', owner.accountId)
    .where('network', '=', owner.network);
  if (name.payment_id !== undefined) query = query.where('id', '=', name.payment_id);
  if (name.original_tx_sig !== undefined) query = query.where('tx_sig', '=', name.original_tx_sig);
  if (name.original_receipt_hash !== undefined) query = query.where('receipt_hash', '=', name.original_receipt_hash);
  return (await query.executeTakeFirst()) ?? null;
}

/**
 * Where the money may go: back to the payer, or where the payer's own signature or the key's scope sends it. Throws the
 * refusals of API.md. A proof that is good here must still be used up (`useProof`), in the same transaction.
 */
export async function judgeDestination(
  subject: RedirectSubject,
  asked: AskedDestination,
  by: { mayRedirect: boolean; refundId: string | null; amount: string; now: Date; sight: Sight | null },
): Promise<Destination> {
  // A caller's word; that it is no token account is judged below.
  const owner = asOwner(asked.owner);
  const { proof } = asked;
  if (owner === subject.payer_owner && subject.payer_account !== null) {
    return { owner, tokenAccount: subject.payer_account, how: 'payer' };
  }
  const at = (code: string, detail: string) => ({ detail, errors: [{ pointer: '/destination/owner', code, detail }] });
  if (isOffCurveAddress(owner as Address)) {
    refuse('destination_off_curve', at('destination_off_curve', 'No key can sign for this address.'));
  }
  if (by.sight === 'token_account') {
    refuse(
      'destination_is_token_account',
      at('destination_is_token_account', 'This is a token account or a mint, not a wallet.'),
    );
  }
  if (owner === subject.treasury_owner) {
    refuse('redirect_not_allowed', at('redirect_not_allowed', 'This is the treasury the money comes from.'));
  }
  if (by.sight === 'frozen') refuse('destination_frozen', at('destination_frozen', 'Its account for this asset is frozen.'));
  const how = proof === undefined ? 'redirect_scope' : 'redirect_signed';
  if (proof === undefined) {
    if (!by.mayRedirect) refuse('redirect_not_allowed');
  } else await judgeProof(subject, asked.owner, proof, by);
  return { owner, tokenAccount: await accountFor(owner, subject), how };
}

async function judgeProof(
  subject: RedirectSubject,
  owner: string,
  proof: Proof,
  by: { refundId: string | null; amount: string; now: Date },
): Promise<void> {
  const payer = subject.payer_owner;
  if (payer === null || isOffCurveAddress(payer as Address)) {
    const detail = payer === null ? 'Who paid is not known' : 'The payer is a program’s account and cannot sign';
    return refuse('redirect_not_allowed', { detail: `${detail}: a key with the scope refunds:redirect is needed.` });
  }
  const { nonce, expires_at } = proof;
  const claim: RedirectClaim = {
    network: subject.network,
    payment_id: subject.id,
    refund_id: by.refundId,
    owner,
    amount_atomic: by.amount,
    expires_at,
    nonce,
  };
  const fail = (detail: string) =>
    refuse('destination_proof_invalid', {
      detail,
      members: { signer: payer, message: redirectText(claim) },
      errors: [{ pointer: '/destination/proof', code: 'destination_proof_invalid', detail }],
    });
  if (new Date(expires_at) <= by.now) fail(`It expired at ${expires_at}.`);
  if (!(await signedByPayer(asOwner(payer), claim, proof.signature))) {
    fail('The signature is not the payer’s over `message`, in Solana’s off-chain message format.');
  }
}

/** Uses a payer's signature up: once for ever, whatever becomes of the refund. */
export async function useProof(tx: Tx, subject: RedirectSubject, proof: Proof | undefined, refundId: string): Promise<void> {
  if (proof === undefined || subject.payer_owner === null) return;
  const used = await tx
    .insertInto('redirect_nonces')
    .values({ network: subject.network, owner: subject.payer_owner, nonce: proof.nonce, refund_id: refundId })
    .onConflict(conflict => conflict.doNothing())
    .returning('nonce')
    .executeTakeFirst();
  if (!used) refuseUsed();
}

/** Whether a payer's signature is still unused, as far as can be seen without using it. */
export async function judgeProofUnused(reader: Reader, subject: RedirectSubject, proof: Proof | undefined): Promise<void> {
  if (proof === undefined || subject.payer_owner === null) return;
  const used = await reader
    .selectFrom('redirect_nonces')
    .select('nonce')
    .where('network', '=', subject.network)
    .where('owner', '=', subject.payer_owner)
    .where('nonce', '=', proof.nonce)
    .executeTakeFirst();
  if (used) refuseUsed();
}

function refuseUsed(): never {
  const detail = 'This nonce was used; a signature moves one refund once.';
  return refuse('destination_proof_invalid', {
    detail,
    errors: [{ pointer: '/destination/proof/nonce', code: 'destination_proof_invalid', detail }],
  });
}
