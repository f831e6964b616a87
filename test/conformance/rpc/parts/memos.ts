import { getSetComputeUnitLimitInstruction } from '@solana-program/compute-budget';
import { memo } from '#apps/localnet/testing/wallets';
import type { World } from '../world.ts';

/** What memos cost by their length, which of them a client's budget of 20,000 units leaves room for, and how history shows them. */
export async function memos(world: World): Promise<void> {
  const { asker, build, usd, buyer, sponsor } = world;
  const simulate = async (name: string, instructions: Parameters<typeof build>[0]) =>
    asker.call(`simulate: ${name}`, 'simulateTransaction', (await build(instructions)).wire, {
      encoding: 'base64',
      commitment: 'confirmed',
    });
  for (const length of [0, 1, 16, 32, 33, 34, 42, 64, 128, 256, 500])
    await simulate(`memo of ${length}`, [memo('m'.repeat(length))]);
  await simulate('memo with a signer', [memo('ebb:signed', sponsor)]);
  await simulate('memo with two signers', [memo('ebb:signed', sponsor, buyer)]);
  await simulate('memo that is no text', [memo(new Uint8Array([255, 254, 0]))]);
  await simulate('memo beyond ASCII', [memo('für 2 € 🦀')]);
  for (const length of [32, 33, 34])
    await simulate(`memo of ${length} in 20,000 units`, [
      getSetComputeUnitLimitInstruction({ units: 20_000 }),
      world.transfer(usd.buyer, usd.treasury, buyer, 1n),
      memo('m'.repeat(length)),
    ]);
  const two = await asker.land(await build([memo('one'), memo('zwei €')]));
  await asker.call('transaction: two memos', 'getTransaction', two.signature, {
    commitment: 'confirmed',
    maxSupportedTransactionVersion: 0,
    encoding: 'jsonParsed',
  });
  await asker.call('signatures: two memos', 'getSignaturesForAddress', sponsor.address, { limit: 1, commitment: 'confirmed' });
}
