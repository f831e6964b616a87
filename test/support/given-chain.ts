import { readFileSync } from 'node:fs';
import { createKeyPairSignerFromBytes, createSolanaRpc, type KeyPairSigner } from '@solana/kit';
import { test } from 'vitest';
import { fundFeePayers } from '#apps/dev/funds';
import { type Stack, startStack } from '#apps/dev/stack';
import type { StackOptions } from '#apps/dev/stack-options';
import { givenSettings } from '#libs/config/given';
import { givenTestChain } from '#libs/config/given-test-chain';
import { eventually } from './eventually.ts';

/*
 * `EBB_TEST_RPC=http://… EBB_TEST_MINT_AUTHORITY=… npm run test:e2e`: the e2e tests on a real chain that somebody started,
 * such as solana-test-validator. It looks like devnet and has the devnet mints; all else is asked of it.
 */

export const given = givenTestChain();

/** A stack on the chain that was given, or on a local one that it starts. On both, fee payers have SOL when it resolves. */
export async function startTestStack(options: StackOptions): Promise<Stack> {
  if (given.rpc === null) return startStack(options);
  const { rpc } = given;
  const genesis = await createSolanaRpc(rpc).getGenesisHash().send();
  const chain = { SOLANA_DEVNET_RPC_URL: rpc, SOLANA_DEVNET_GENESIS_HASH: genesis };
  const stack = await startStack({ ...options, given: { ...(options.given ?? givenSettings()), ...chain } });
  try {
    await fundFeePayers(rpc, stack.secrets);
    return stack;
  } catch (error) {
    await stack.stop();
    throw error;
  }
}

/** The key that mints on the chain that was given. Throws where none was. */
export function givenMintAuthority(): Promise<KeyPairSigner> {
  const text = given.mintAuthority;
  if (text === null) throw new Error('EBB_TEST_RPC needs EBB_TEST_MINT_AUTHORITY: buyers are funded by MintTo');
  const json = text.trim().startsWith('[') ? text : readFileSync(text, 'utf8');
  return createKeyPairSignerFromBytes(Uint8Array.from(JSON.parse(json) as number[]));
}

/** `test`, for what only the local chain can show: on a chain that was given it is skipped, and its name says why. */
export function onLocalnet(why: string): (name: string, run: () => Promise<void> | void, timeout_ms?: number) => void {
  if (given.rpc === null) return (name, run, timeout_ms) => void test(name, run, timeout_ms);
  return name => void test.skip(`${name} (skipped on the chain that was given: ${why})`, () => {});
}

/** Waits for finality as long as this chain needs for it: 31 blocks. */
export const finalized = <T>(what: string, look: () => Promise<T | null | undefined | false>): Promise<T> =>
  eventually(what, look, 60_000);
