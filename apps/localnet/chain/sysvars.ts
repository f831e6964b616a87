import type { Chain } from './chain.ts';

const SLOT_HASHES = 512;
const READERS = new Set(['AddressLookupTab1e1111111111111111111111111', 'SysvarS1otHashes111111111111111111111111111']);

/** Lists the recent slots for programs that ask for them; only then, because the list is long and hardly anyone does. */
export function listSlotHashes(chain: Chain, keys: string[]): void {
  if (!keys.some(key => READERS.has(key))) return;
  const newest = chain.slots.height(chain.heads.open) - 1;
  const heights = Array.from({ length: Math.min(SLOT_HASHES, newest + 1) }, (_, i) => newest - i);
  chain.vm.setSlotHashes(heights.map(height => ({ slot: BigInt(chain.slots.slotAt(height)), hash: chain.slots.hash(height) })));
}
