import type { x402Facilitator } from '@x402/core/facilitator';
import type { SettleResponse, VerifyResponse } from '@x402/core/types';
import type { Chain } from '#libs/chain/chain';
import { decodeTransaction } from '#libs/chain/decode';
import { findSettlement, type Settlement } from '#libs/paywall/sponsor/settlements';
import { REASONS, type Refused, refused } from '#libs/paywall/x402/vocabulary';
import { type Checked, checkPayment, previewBudgets } from './check.ts';
import { type Followed, follow } from './follow.ts';
import { type Course, namingSigner, officialFacilitator, settlingSigner } from './official.ts';
import type { FacilitatorParts } from './parts.ts';
import { type Asked, readRequest } from './request.ts';

const FAILED = refused('transactionFailed', 'the transaction failed on chain');

/** The RPC or the database does not answer: nothing is said about the payment. Answered with 503. */
export class Outage extends Error {
  override name = 'Outage';
}

export function supported(parts: FacilitatorParts): ReturnType<x402Facilitator['getSupported']> {
  return officialFacilitator([...parts.chains.keys()], namingSigner(parts)).getSupported();
}

/** Whether the sponsor would sign and the transaction would succeed now. Signs and stores nothing. */
export async function verify(parts: FacilitatorParts, body: unknown, account: string | null): Promise<VerifyResponse> {
  const read = readRequest(body);
  if (read.kind === 'refused') return invalid(read);
  const { asked } = read;
  const known = await knownSettlement(parts, asked);
  // What was co-signed once was valid then; a simulation now would only find it processed.
  if (known) return known.outcome === 'failed' ? invalid(FAILED, known.payer) : { isValid: true, payer: known.payer };
  const checked = await checkPayment(parts, asked, account);
  if (checked.kind === 'refused') return invalid(checked);
  const spent = await previewBudgets(parts, checked);
  if (spent) return invalid(spent, checked.spender.payer);

  const { official, course } = officialFor(parts, checked);
  const answer = await official.verify(asked.payload, asked.requirements);
  if (course.trouble) throw new Outage('the chain could not be asked', { cause: course.trouble });
  // Another request may have settled it meanwhile: then the simulation found it processed, which is no fault of the payment.
  const since = answer.isValid ? null : await knownSettlement(parts, asked);
  return since && since.outcome !== 'failed' ? { isValid: true, payer: since.payer } : answer;
}

/**
 * Co-signs, stores, sends, and waits a while for the chain. Asked again for the same message it signs nothing new: it
 * follows the bytes it has stored. `settlement_pending` means that they are out and may land.
 */
export async function settle(parts: FacilitatorParts, body: unknown, account: string | null): Promise<SettleResponse> {
  const read = readRequest(body);
  if (read.kind === 'refused') return failed(read, null);
  const { asked } = read;
  const known = await knownSettlement(parts, asked);
  if (known) return settled(asked, known, await follow(parts, chainOf(parts, known), known));
  const checked = await checkPayment(parts, asked, account);
  if (checked.kind === 'refused') return failed(checked, asked);

  const { official, course } = officialFor(parts, checked);
  const answer = await official.settle(asked.payload, asked.requirements);
  if (course.settlement) return settled(asked, course.settlement, course.followed ?? troubled(course));
  if (course.trouble) throw new Outage('the chain or the database could not be asked', { cause: course.trouble });
  // Nothing was signed here; but another request may have settled it meanwhile, and this one found it processed.
  const since = await knownSettlement(parts, asked);
  if (since) return settled(asked, since, await follow(parts, chainOf(parts, since), since));
  return course.refusal ? failed(course.refusal, asked) : answer;
}

/** What the sponsor signed before for this very message: checked then, whatever key or rule is in force now. */
async function knownSettlement({ db }: FacilitatorParts, { wire }: Asked): Promise<Settlement | null> {
  const decoding = decodeTransaction(wire);
  return decoding.kind === 'decoded' ? findSettlement(db.read, decoding.transaction.messageHash) : null;
}

function chainOf({ chains }: FacilitatorParts, { network }: Settlement): Chain {
  const chain = chains.get(network);
  if (!chain) throw new Outage(`no RPC is configured for ${network} any more`);
  return chain;
}

function officialFor(parts: FacilitatorParts, checked: Checked) {
  const { signer, course } = settlingSigner(parts, checked);
  return { official: officialFacilitator([checked.asked.network], signer), course };
}

const troubled = ({ trouble }: Course): Followed => ({
  kind: 'pending',
  message: trouble instanceof Error ? trouble.name : 'its outcome is not known',
});

function settled({ networkName }: Asked, { signature, payer }: Settlement, followed: Followed): SettleResponse {
  const common = { transaction: signature, network: networkName as SettleResponse['network'], payer };
  if (followed.kind === 'confirmed') return { success: true, ...common };
  const errorReason = followed.kind === 'failed' ? REASONS.transactionFailed : REASONS.settlementPending;
  return { success: false, errorReason, errorMessage: followed.message, ...common };
}

const invalid = ({ reason, message }: Refused, payer = ''): VerifyResponse => ({
  isValid: false,
  invalidReason: reason,
  invalidMessage: message,
  payer,
});

const failed = ({ reason, message }: Refused, asked: Asked | null): SettleResponse => ({
  success: false,
  errorReason: reason,
  errorMessage: message,
  transaction: '',
  network: (asked?.networkName ?? '') as SettleResponse['network'],
  payer: '',
});
