import {
  type Address,
  appendTransactionMessageInstructions,
  type Blockhash,
  compileTransaction,
  createKeyPairSignerFromPrivateKeyBytes,
  createTransactionMessage,
  getBase64EncodedWireTransaction,
  type Instruction,
  type KeyPairSigner,
  partiallySignTransaction,
  setTransactionMessageFeePayer,
  setTransactionMessageLifetimeUsingBlockhash,
} from '@solana/kit';
import { COMPUTE_BUDGET_PROGRAM, MEMO_PROGRAM } from '#libs/chain/programs';
import { BLOCKHASH, instruction, named, transferChecked, u64 } from '#libs/chain/transaction.fixture';
import { type Asset, assetOf, type Network } from '#libs/money/assets';
import { type Atoms, atoms } from '#libs/money/atoms';
import { asOwner, asTokenAccount } from '#libs/money/solana-types';
import type { BoundTo } from './binding.ts';
import { makeOffers, type Requirements } from './offers.ts';

/** A key pair of its own for each name, the same in every run. */
export const signerNamed = (name: string): Promise<KeyPairSigner> =>
  createKeyPairSignerFromPrivateKeyBytes(Uint8Array.from({ length: 32 }, (_, at) => name.charCodeAt(at % name.length) + at));

export const buyer = await signerNamed('buyer');
export const sponsor = await signerNamed('sponsor');
export const NETWORK: Network = 'solana-devnet';
export const USDC: Asset = assetOf(NETWORK, 'USDC');
export const PRICE: Atoms = atoms(100_000n);
export const KEYS = { memo: Buffer.alloc(32, 1), proof: Buffer.alloc(32, 2) };
export const NOW = new Date('2026-11-21T12:00:00.000Z');
export const source = asTokenAccount(named('source'));
export const treasuryAccount = asTokenAccount(named('treasury account'));

/** The link that most tests sell. */
export const LINK: BoundTo = {
  network: NETWORK,
  linkId: 'lnk_01JD0000000000000000000000',
  payTo: asOwner(named('treasury')),
  tokenAccounts: new Map([[USDC.mint, treasuryAccount]]),
  feePayers: [sponsor.address],
};

export function offerOf(link: BoundTo = LINK, price: Atoms = PRICE, asset: Asset = USDC, now: Date = NOW): Requirements {
  const [offer] = makeOffers(KEYS, { ...link, feePayer: sponsor.address, prices: [{ asset, amount: price }] }, now);
  if (!offer) throw new Error('no offer');
  return offer;
}

export const limit = (units: number): Instruction =>
  instruction(COMPUTE_BUDGET_PROGRAM, [], Uint8Array.from([2, ...new Uint8Array(new Uint32Array([units]).buffer)]));
export const price = (microlamports: bigint): Instruction =>
  instruction(COMPUTE_BUDGET_PROGRAM, [], Uint8Array.from([3, ...u64(microlamports)]));
export const memo = (text: string): Instruction => instruction(MEMO_PROGRAM, [], Buffer.from(text));
export const transfer = (amount: bigint, destination: Address = treasuryAccount, mint: Address = USDC.mint): Instruction =>
  transferChecked({ source, authority: buyer.address }, { mint, destination }, amount);

/** The four instructions of the official client. */
export const plainly = (text: string, amount: bigint = PRICE): Instruction[] => [
  limit(20_000),
  price(1n),
  transfer(amount),
  memo(text),
];

/** A v0 transaction with everybody's signature but the fee payer's; base64. */
export async function signedBy(
  signers: readonly KeyPairSigner[],
  instructions: readonly Instruction[],
  feePayer: Address = sponsor.address,
  blockhash: string = BLOCKHASH,
): Promise<string> {
  const message = appendTransactionMessageInstructions(
    instructions,
    setTransactionMessageLifetimeUsingBlockhash(
      { blockhash: blockhash as Blockhash, lastValidBlockHeight: 200n },
      setTransactionMessageFeePayer(feePayer, createTransactionMessage({ version: 0 })),
    ),
  );
  const signed = await partiallySignTransaction(
    signers.map(one => one.keyPair),
    compileTransaction(message),
  );
  return getBase64EncodedWireTransaction(signed);
}

export const header = (json: unknown): string => Buffer.from(JSON.stringify(json)).toString('base64');

/** What an official v2 client sends: it echoes the whole offer. */
export const headerV2 = (accepted: unknown, transaction: string): string =>
  header({ x402Version: 2, accepted, payload: { transaction }, resource: { url: 'https://example.com/x/1' }, extensions: {} });

/** What an official v1 client sends: no offer, and words for networks. */
export const headerV1 = (transaction: string, network = 'solana-devnet'): string =>
  header({ x402Version: 1, scheme: 'exact', network, payload: { transaction } });
