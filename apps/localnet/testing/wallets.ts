import {
  AccountRole,
  type Address,
  type AddressesByLookupTableAddress,
  address,
  appendTransactionMessageInstructions,
  type Blockhash,
  compressTransactionMessageUsingAddressLookupTables,
  createKeyPairSignerFromPrivateKeyBytes,
  createTransactionMessage,
  getSignatureFromTransaction,
  getTransactionEncoder,
  type Instruction,
  type KeyPairSigner,
  pipe,
  setTransactionMessageFeePayerSigner,
  setTransactionMessageLifetimeUsingBlockhash,
  signTransactionMessageWithSigners,
  type Transaction,
} from '@solana/kit';
import { findAssociatedTokenPda, TOKEN_PROGRAM_ADDRESS } from '@solana-program/token';

export const MEMO = address('MemoSq4gqABAXKb96qnH8TysNcWxMyWCqXgDLGmfcHr');

/** A wallet that is the same in every run: its key is 32 times one number. */
export const wallet = (number: number): Promise<KeyPairSigner> =>
  createKeyPairSignerFromPrivateKeyBytes(new Uint8Array(32).fill(number));

export async function tokenAccount(
  owner: { address: Address } | Address,
  mint: Address,
  tokenProgram: Address = TOKEN_PROGRAM_ADDRESS,
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

const lifetimeOf = (lifetime: Lifetime) => ({
  blockhash: lifetime.blockhash as Blockhash,
  lastValidBlockHeight: BigInt(lifetime.lastValidBlockHeight),
});

/** Signs a transaction of version 0; with lookup tables, its accounts are taken from there. */
export async function signed(
  payer: KeyPairSigner,
  lifetime: Lifetime,
  instructions: Instruction[],
  tables: AddressesByLookupTableAddress = {},
): Promise<Built> {
  const message = pipe(
    createTransactionMessage({ version: 0 }),
    m => setTransactionMessageFeePayerSigner(payer, m),
    m => setTransactionMessageLifetimeUsingBlockhash(lifetimeOf(lifetime), m),
    m => appendTransactionMessageInstructions(instructions, m),
    m => compressTransactionMessageUsingAddressLookupTables(m, tables),
  );
  return built(await signTransactionMessageWithSigners(message), lifetime);
}

/** Signs a transaction of the old form, without a version. */
export async function signedLegacy(payer: KeyPairSigner, lifetime: Lifetime, instructions: Instruction[]): Promise<Built> {
  const message = pipe(
    createTransactionMessage({ version: 'legacy' }),
    m => setTransactionMessageFeePayerSigner(payer, m),
    m => setTransactionMessageLifetimeUsingBlockhash(lifetimeOf(lifetime), m),
    m => appendTransactionMessageInstructions(instructions, m),
  );
  return built(await signTransactionMessageWithSigners(message), lifetime);
}

function built(tx: Transaction, lifetime: Lifetime): Built {
  const bytes = new Uint8Array(getTransactionEncoder().encode(tx));
  return {
    wire: Buffer.from(bytes).toString('base64'),
    signature: getSignatureFromTransaction(tx),
    bytes,
    message: new Uint8Array(tx.messageBytes),
    lifetime,
  };
}
