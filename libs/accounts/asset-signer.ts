import { type Address, getAddressEncoder, getProgramDerivedAddress } from '@solana/kit';
import { asOwner, type Owner } from '#libs/money/solana-types';

const MPL_CORE = 'CoREENxT6tW1HoK8ypY1SxRMZTcVPm7R94rH4PZNhX7d' as Address;

/** The wallet of an agent without an address of its own: the PDA that Metaplex Core's `execute` signs for, by the agent's mint. */
export async function assetSignerPda(mint: Address): Promise<Owner> {
  const [pda] = await getProgramDerivedAddress({
    programAddress: MPL_CORE,
    seeds: ['mpl-core-execute', getAddressEncoder().encode(mint)],
  });
  return asOwner(pda);
}
