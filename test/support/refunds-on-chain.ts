import { type Address, createSolanaRpc } from '@solana/kit';
import type { Stack } from '#apps/dev/stack';

/** Every transaction on the chain that paid this refund to the account, found by its memo as anyone would; failed ones left out. */
export async function refundsOnChain(stack: Stack, account: Address, refundId: string): Promise<string[]> {
  const listed = await createSolanaRpc(stack.urls.rpc).getSignaturesForAddress(account, { commitment: 'confirmed' }).send();
  return listed.filter(one => one.err === null && one.memo?.includes(`ebb:refund:${refundId}:`)).map(one => one.signature);
}
