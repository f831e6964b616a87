import {
  address,
  appendTransactionMessageInstructions,
  type Blockhash,
  compileTransaction,
  createNoopSigner,
  createTransactionMessage,
  type Instruction,
  pipe,
  setTransactionMessageFeePayer,
  setTransactionMessageLifetimeUsingBlockhash,
} from '@solana/kit';
import { getTransferSolInstruction } from '@solana-program/system';
import {
  findAssociatedTokenPda,
  getCreateAssociatedTokenIdempotentInstruction,
  getMintToCheckedInstruction,
} from '@solana-program/token';
import { type RawAccount, RENT_EXEMPT_EPOCH, readAccount } from './account.ts';
import { addressBytes } from './base58.ts';
import type { Chain } from './chain.ts';
import { readMint } from './holding.ts';
import { FAUCET_SEED, SYSTEM } from './identity.ts';
import { chainKey } from './keys.ts';
import type { Finish } from './landing.ts';
import { MAX_PROCESSING_AGE } from './slots.ts';
import { decodeTransaction } from './wire.ts';

const LAMPORTS = 500_000_000_000_000_000n;
export const faucetKey = chainKey(FAUCET_SEED);

/** Gives the faucet its SOL, once per chain. */
export function fillFaucet(chain: Chain): void {
  if (readAccount(chain.vm, faucetKey.address) !== null) return;
  chain.decree(
    new Map([
      [
        faucetKey.address,
        { lamports: LAMPORTS, data: new Uint8Array(), owner: SYSTEM, executable: false, rentEpoch: RENT_EXEMPT_EPOCH },
      ],
    ]),
  );
}

/** Gives an address SOL by a transfer from the faucet. Returns the signature. */
export function airdrop(chain: Chain, to: string, lamports: bigint): string {
  return byFaucet(chain, [
    getTransferSolInstruction({
      source: createNoopSigner(address(faucetKey.address)),
      destination: address(to),
      amount: lamports,
    }),
  ]);
}

/**
 * Mints tokens to a wallet, into its associated account, which is opened if need be. A transaction like any other, so
 * that history shows it; the faucet is the mint's authority for that one moment, since the real one's key is not here.
 * `amount` in atoms. Returns the signature.
 */
export async function mintTo(chain: Chain, owner: string, mint: string, amount: bigint): Promise<string> {
  const program = readAccount(chain.vm, mint)?.owner ?? '';
  const tokenProgram = address(program);
  const [ata] = await findAssociatedTokenPda({ owner: address(owner), mint: address(mint), tokenProgram });
  // From here on nothing waits, so that no one else can come between.
  const account = readAccount(chain.vm, mint);
  const read = readMint(account);
  if (!account || !read) throw new Error(`not a mint: ${mint}`);
  const faucet = createNoopSigner(address(faucetKey.address));
  const instructions = [
    getCreateAssociatedTokenIdempotentInstruction({
      payer: faucet,
      owner: address(owner),
      mint: address(mint),
      ata,
      tokenProgram,
    }),
    getMintToCheckedInstruction(
      { mint: address(mint), token: ata, mintAuthority: faucet, amount, decimals: read.decimals },
      { programAddress: tokenProgram },
    ),
  ];
  const authority = read.mintAuthority ? addressBytes(read.mintAuthority) : null;
  chain.write(new Map([[mint, withAuthority(account, faucetKey.publicKey)]]));
  const giveBack = (written: Map<string, RawAccount | null>) => {
    const after = readAccount(chain.vm, mint);
    if (!after) return;
    const restored = withAuthority(after, authority);
    chain.write(new Map([[mint, restored]]));
    written.set(mint, restored);
  };
  try {
    return byFaucet(chain, instructions, giveBack);
  } catch (error) {
    giveBack(new Map());
    throw error;
  }
}

/** The mint with another mint authority, or none. */
function withAuthority(mint: RawAccount, authority: Uint8Array | null): RawAccount {
  const data = new Uint8Array(mint.data);
  data.set(new Uint8Array(36));
  if (authority) data.set([1, 0, 0, 0, ...authority]);
  return { ...mint, data };
}

/** Signs and lands; takes an older blockhash when the very same message has landed already, so that asking twice gives twice. */
function byFaucet(chain: Chain, instructions: Instruction[], finish?: Finish): string {
  const newest = chain.slots.height(chain.heads.at('processed'));
  for (let height = newest; height > newest - MAX_PROCESSING_AGE && height >= 0; height--) {
    const message = pipe(
      createTransactionMessage({ version: 0 }),
      m => setTransactionMessageFeePayer(address(faucetKey.address), m),
      m =>
        setTransactionMessageLifetimeUsingBlockhash(
          { blockhash: chain.slots.hash(height) as Blockhash, lastValidBlockHeight: BigInt(height + MAX_PROCESSING_AGE) },
          m,
        ),
      m => appendTransactionMessageInstructions(instructions, m),
    );
    const { messageBytes } = compileTransaction(message);
    const signature = faucetKey.sign(new Uint8Array(messageBytes));
    const sent = chain.land(decodeTransaction(new Uint8Array([1, ...signature, ...messageBytes])), finish);
    if (sent.kind === 'landed' && sent.record.err === null) return sent.record.signature;
    if (sent.kind === 'dropped' && sent.reason === 'AlreadyProcessed') continue;
    throw new Error(`the faucet failed: ${JSON.stringify(sent.kind === 'landed' ? sent.record.err : sent.reason)}`);
  }
  throw new Error('the faucet was asked for the same thing too often: wait for a slot to pass');
}
