import {
  type Address,
  compileOffchainMessageEnvelope,
  getBase58Encoder,
  getPublicKeyFromAddress,
  offchainMessageApplicationDomain,
  offchainMessageContentRestrictedAsciiOf1232BytesMax,
  type SignatureBytes,
  verifySignature,
} from '@solana/kit';
import type { Owner } from '#libs/money/solana-types';

/** What a payer agrees to when their money is to go elsewhere (API.md "Redirects"). Every field is of the wire's form. */
export interface RedirectClaim {
  network: string;
  payment_id: string;
  /** Null for a refund that is not there yet. */
  refund_id: string | null;
  /** Where the money is to go: a wallet, never a token account. */
  owner: string;
  amount_atomic: string;
  /** RFC 3339 UTC. */
  expires_at: string;
  nonce: string;
}

/** The one application domain that wallets and `solana sign-offchain-message` use when none is named. */
const NO_DOMAIN = offchainMessageApplicationDomain('11111111111111111111111111111111');

/** The text the payer signs. No field can hold a colon but the time, which stands between two that cannot. */
export const redirectText = (claim: RedirectClaim): string =>
  [
    'ebb:redirect:v1',
    claim.network,
    claim.payment_id,
    claim.refund_id ?? '-',
    claim.owner,
    claim.amount_atomic,
    claim.expires_at,
    claim.nonce,
  ].join(':');

/** The bytes that are signed, in either version of Solana's off-chain message format: version 0 is what wallets write today. */
export function redirectBytes(payer: Address, text: string): Uint8Array[] {
  const requiredSignatories = [{ address: payer }];
  const content = offchainMessageContentRestrictedAsciiOf1232BytesMax(text);
  const messages = [
    compileOffchainMessageEnvelope({ version: 0, applicationDomain: NO_DOMAIN, content, requiredSignatories }),
    compileOffchainMessageEnvelope({ version: 1, content: text, requiredSignatories }),
  ];
  return messages.map(message => new Uint8Array(message.content));
}

/** Whether the payer's own key signed the claim. `signature` is base58; anything else is no signature. */
export async function signedByPayer(payer: Owner, claim: RedirectClaim, signature: string): Promise<boolean> {
  const bytes = decode(signature);
  if (bytes === null) return false;
  const key = await getPublicKeyFromAddress(payer);
  for (const message of redirectBytes(payer, redirectText(claim))) {
    if (await verifySignature(key, bytes, message)) return true;
  }
  return false;
}

function decode(signature: string): SignatureBytes | null {
  try {
    const bytes = getBase58Encoder().encode(signature);
    return bytes.length === 64 ? (bytes as SignatureBytes) : null;
  } catch {
    return null;
  }
}
