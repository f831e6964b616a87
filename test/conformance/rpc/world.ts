import type { Address, Instruction, KeyPairSigner } from '@solana/kit';
import {
  getCreateAssociatedTokenIdempotentInstruction,
  getTransferCheckedInstruction,
  TOKEN_PROGRAM_ADDRESS,
} from '@solana-program/token';
import { type Built, type Lifetime, memo, signed, tokenAccount, wallet } from '#apps/localnet/testing/wallets';
import { Asker } from './asker.ts';

/** How the scenario gets past what only time can do: on a validator it waits, on the localnet it jumps. */
export type Passage = { expire(asker: Asker, built: Built): Promise<void>; finalize(): Promise<void> };

/** Who takes part, and where their money is. Every key is the same in every run, so that answers can be compared by value. */
export type World = Awaited<ReturnType<typeof openWorld>>;

const SOL = 1_000_000_000;

/** Gives everyone their SOL on a fresh ledger. */
export async function openWorld(url: string, passage: Passage) {
  const asker = new Asker(url);
  const names = [
    'sponsor',
    'buyer',
    'treasury',
    'stranger',
    'delegate',
    'issuer',
    'mint',
    'richMint',
    'feeMint',
    'pausableMint',
    'passerby',
    'nonce',
  ] as const;
  const keys = await Promise.all(names.map((_, i) => wallet(31 + i)));
  const who = Object.fromEntries(names.map((name, i) => [name, keys[i]])) as Record<(typeof names)[number], KeyPairSigner>;
  for (const s of [who.sponsor, who.issuer, who.treasury]) {
    const { result: signature } = await asker.call(null, 'requestAirdrop', s.address, 10 * SOL);
    await asker.until({ signature } as Built);
    await passage.finalize();
    await asker.until({ signature } as Built, 'finalized');
  }
  const mint = who.mint.address;
  const [buyerUsd, treasuryUsd, strangerUsd] = await Promise.all(
    [who.buyer, who.treasury, who.stranger].map(w => tokenAccount(w, mint)),
  );
  if (!buyerUsd || !treasuryUsd || !strangerUsd) throw new Error('unreachable');
  const latest = async (): Promise<Lifetime> =>
    (await asker.call(null, 'getLatestBlockhash', { commitment: 'confirmed' })).result.value;
  return {
    asker,
    passage,
    ...who,
    usd: { mint, buyer: buyerUsd, treasury: treasuryUsd, stranger: strangerUsd },
    latest,
    account: (owner: { address: Address }) => tokenAccount(owner, mint),
    /** Signs instructions, paid by the sponsor unless someone else is named. */
    build: async (instructions: Instruction[], payer: KeyPairSigner = who.sponsor, lifetime?: Lifetime): Promise<Built> =>
      signed(payer, lifetime ?? (await latest()), instructions),
    open: (
      owner: { address: Address },
      where: Address,
      of: Address = mint,
      tokenProgram: Address = TOKEN_PROGRAM_ADDRESS,
    ): Instruction =>
      getCreateAssociatedTokenIdempotentInstruction({
        payer: who.sponsor,
        owner: owner.address,
        mint: of,
        ata: where,
        tokenProgram,
      }),
    transfer: (source: Address, destination: Address, authority: KeyPairSigner, amount: bigint): Instruction =>
      getTransferCheckedInstruction({ source, mint, destination, authority, amount, decimals: 6 }),
    /** A payment as paywalls make it: a memo, and a transfer. */
    pay: (source: Address, destination: Address, authority: KeyPairSigner, amount: bigint): Instruction[] => [
      memo('ebb:test'),
      getTransferCheckedInstruction({ source, mint, destination, authority, amount, decimals: 6 }),
    ],
  };
}
