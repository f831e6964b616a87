import { z } from 'zod';

const Given = z.object({
  /** A chain that the e2e tests run against instead of starting the local one; on it they make no admin call. */
  EBB_TEST_RPC: z.url({ protocol: /^https?$/ }).optional(),
  /** Who mints the stablecoins there: the path of a key file as Solana's tools write it, or its content. */
  EBB_TEST_MINT_AUTHORITY: z.string().min(1).optional(),
});

/** What was given for the tests alone: no process of Ebb gets to see it. */
export function givenTestChain(env: NodeJS.ProcessEnv = process.env): { rpc: string | null; mintAuthority: string | null } {
  const { EBB_TEST_RPC, EBB_TEST_MINT_AUTHORITY } = Given.parse(env);
  return { rpc: EBB_TEST_RPC ?? null, mintAuthority: EBB_TEST_MINT_AUTHORITY ?? null };
}
