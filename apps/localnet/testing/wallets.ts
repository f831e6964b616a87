import {
  AccountRole,
  type Address,
  address,
  appendTransactionMessageInstructions,
  type Blockhash,
  createKeyPairSignerFromPrivateKeyBytes,
  createTransactionMessage,
  getBase64EncodedWireTransaction,
  getSignatureFromTransaction,
  type Instruction,
  type KeyPairSigner,
  pipe,
  setTransactionMessageFeePayerSigner,
  setTransactionMessageLifetimeUsingBlockhash,
  signTransactionMessageWithSigners,
} from '@solana/kit';
import { findAssociatedTokenPda, TOKEN_PROGRAM_ADDRESS } from '@solana-program/token';

export const MEMO = address('MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr');

/** A wallet that is the same in every run: its key is 32 times one number. */
export const wallet = (number: number): Promise<KeyPairSigner> =>
  createKeyPairSignerFromPrivateKeyBytes(new Uint8Array(32).fill(number));

export async function tokenAccount(
  owner: { address: Address } | Address,
  mint: Address,
  tokenProgram = TOKEN_PROGRAM_ADDRESS,
): Promise<Address> {
  const [found] = await findAssociatedTokenPda({ owner: typeof owner === 'string' ? owner : owner.address, mint, tokenProgram });
  return found;
}

export const memo = (text: string | Uint8Array, ...signers: KeyPairSigner[]): Instruction => ({
  programAddress: MEMO,
  accounts: signers.map(s => ({ address: s.address, role: AccountRole.READONLY_SIGNER, signer: s })),
  data: typeof text === 'string' ? new TextEncoder().encode(text) : text,
});

export type Lifetime = { blockhash: string; lastValidBlockHeight: number | bigint };
export type Built = { wire: string; signature: string; bytes: Uint8Array; message: Uint8Array; lifetime: Lifetime };

/** Signs a transaction of version 0, or a legacy one. */
export async function signed(
  payer: KeyPairSigner,
  lifetime: Lifetime,
  instructions: Instruction[],
  version: 0 | 'legacy' = 0,
): Promise<Built> {
  const hash = { blockhash: lifetime.blockhash as Blockhash, lastValidBlockHeight: BigInt(lifetime.lastValidBlockHeight) };
  const message = pipe(
    createTransactionMessage({ version }),
    m => setTransactionMessageFeePayerSigner(payer, m),
    m => setTransactionMessageLifetimeUsingBlockhash(hash, m),
    m => appendTransactionMessageInstructions(instructions, m),
  );
  const tx = await signTransactionMessageWithSigners(message);
  const wire = getBase64EncodedWireTransaction(tx);
  const bytes = new Uint8Array(Buffer.from(wire, 'base64'));
  return { wire, signature: getSignatureFromTransaction(tx), bytes, message: new Uint8Array(tx.messageBytes), lifetime };
}
