import type { World } from '../world.ts';

/** What a node says about itself, its slots and its blockhashes. */
export async function network({ asker, latest }: World): Promise<void> {
  await asker.call('health', 'getHealth');
  await asker.call('version', 'getVersion');
  await asker.call('genesis hash', 'getGenesisHash');
  for (const commitment of ['processed', 'confirmed', 'finalized']) {
    await asker.call(`slot ${commitment}`, 'getSlot', { commitment });
    await asker.call(`block height ${commitment}`, 'getBlockHeight', { commitment });
    await asker.call(`latest blockhash ${commitment}`, 'getLatestBlockhash', { commitment });
  }
  await asker.call('slot by default', 'getSlot');
  await asker.call('slot: unknown commitment', 'getSlot', { commitment: 'certain' });
  await asker.call('slot: commitment of the wrong type', 'getSlot', { commitment: 5 });
  await asker.call('min context slot not reached', 'getSlot', { minContextSlot: 999_999_999 });
  await asker.call('min context slot not reached, blockhash', 'getLatestBlockhash', { minContextSlot: 999_999_999 });
  await asker.call('epoch info', 'getEpochInfo');
  await asker.call('epoch info finalized', 'getEpochInfo', { commitment: 'finalized' });
  const { blockhash } = await latest();
  await asker.call('blockhash valid', 'isBlockhashValid', blockhash, { commitment: 'processed' });
  await asker.call('blockhash not valid yet at finalized', 'isBlockhashValid', blockhash, { commitment: 'finalized' });
  await asker.call('blockhash unknown', 'isBlockhashValid', '4uhcVJyU9pJkvQyS88uRDiswHXSCkY3zQawwpjk2NsNY', {
    commitment: 'processed',
  });
  await asker.call('blockhash malformed', 'isBlockhashValid', 'abc');
  await asker.call('rent for a token account', 'getMinimumBalanceForRentExemption', 165);
  await asker.call('rent for nothing', 'getMinimumBalanceForRentExemption', 0);
  await asker.call('recent fees', 'getRecentPrioritizationFees', []);
  const slot: number = (await asker.call(null, 'getSlot', { commitment: 'confirmed' })).result;
  await asker.call('blocks', 'getBlocks', slot - 3, slot, { commitment: 'confirmed' });
  await asker.call('blocks to the newest', 'getBlocks', slot - 3, { commitment: 'confirmed' });
  await asker.call('blocks: end before start', 'getBlocks', slot, slot - 3, { commitment: 'confirmed' });
  await asker.call('blocks of the future', 'getBlocks', slot + 10_000, slot + 10_003, { commitment: 'confirmed' });
  await asker.call('blocks: range too large', 'getBlocks', 0, 600_000, { commitment: 'confirmed' });
  await asker.call('blocks at processed', 'getBlocks', slot - 3, slot, { commitment: 'processed' });
  await asker.call('block time of the future', 'getBlockTime', slot + 10_000);
}
