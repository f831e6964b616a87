import {
  getBase58Decoder,
  getTransactionDecoder,
  getTransactionEncoder,
  type SignatureBytes,
  type TransactionPartialSigner,
} from '@solana/kit';
import { type DecodedTransaction, mustDecode } from '#libs/chain/decode';
import { asSignature, type Signature } from '#libs/money/solana-types';
import { isSignedBy } from '#libs/paywall/x402/signatures';

type Signable = Parameters<TransactionPartialSigner['signTransactions']>[0][number];

/**
 * Adds the sponsor's signature to a checked transaction, and looks at what came back from the signer before anyone
 * relies on it: the same message, signed by all. The sponsor pays the fee, so its signature is the transaction's id;
 * ed25519 signs one message in one way only, so it is the same each time.
 */
export async function cosign(
  sponsor: TransactionPartialSigner,
  transaction: DecodedTransaction,
): Promise<{ wire: Buffer; signature: Signature }> {
  const partial = getTransactionDecoder().decode(transaction.wire);
  const [added] = await sponsor.signTransactions([partial as Signable]);
  const mine: SignatureBytes | undefined = added?.[sponsor.address];
  if (mine === undefined) throw new Error('the signer returned no signature');
  const signatures = { ...partial.signatures, [sponsor.address]: mine };
  const wire = Buffer.from(getTransactionEncoder().encode({ ...partial, signatures }));

  const whole = mustDecode(wire);
  const complete = whole.signatures.every(
    one => one.signature !== null && isSignedBy(one.address, whole.messageBytes, one.signature),
  );
  if (!complete || !whole.messageHash.equals(transaction.messageHash)) throw new Error('the signer signed something else');
  return { wire, signature: asSignature(getBase58Decoder().decode(mine)) };
}
