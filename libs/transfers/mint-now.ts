import type { Chain } from '#libs/chain/chain';
import { type MintAccount, readMint } from '#libs/chain/mint';
import { TOKEN_2022_PROGRAM } from '#libs/chain/programs';
import type { Asset } from '#libs/money/assets';
import type { Mint } from '#libs/money/solana-types';
import type { Step } from '#libs/steps/registry';
import { type MintFault, mintFault } from './mint-fitness.ts';

/** What a mint whose account was just read has against a transfer; the chain is asked for its epoch only where that decides. */
export async function judgeMint(chain: Chain, step: Step, address: Mint, mint: MintAccount | null): Promise<MintFault | null> {
  const fault = mintFault(address, mint);
  if (fault?.over_at_epoch === undefined) return fault;
  const { epoch } = await chain.ask(step, rpc => rpc.getEpochInfo({ commitment: 'confirmed' }));
  return epoch >= fault.over_at_epoch ? null : fault;
}

/**
 * Whether an asset's mint takes from each transfer now, so that a payment would bring less than its price and a refund could
 * not give back to the atom. Mints of the classic program cannot, and are not asked about. Throws `ChainUnavailable`.
 */
export async function takesFee(chain: Chain, step: Step, { mint, tokenProgram }: Asset): Promise<MintFault | null> {
  if (tokenProgram !== TOKEN_2022_PROGRAM) return null;
  const { value } = await chain.ask(step, rpc => rpc.getAccountInfo(mint, { encoding: 'base64', commitment: 'confirmed' }));
  const fault = await judgeMint(chain, step, mint, readMint(value));
  return fault?.kind === 'transfer_fee' ? fault : null;
}
