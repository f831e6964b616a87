import type { World } from '../world.ts';

const UNKNOWN = '5VERv8NMvzbJMEkV8xnrLkEaWRtSz9CosKDYjCJjBRnbJLgp8uirBgmQpjKhoR4tjF3ZpRzrFmBV6UjKdiSZkQUW';

/** Looking back: signatures of an address, statuses, and what finality changes. */
export async function history(world: World): Promise<void> {
  const { asker, usd, build, buyer } = world;
  const confirmed = { commitment: 'confirmed' };
  const signatures = (name: string | null, options: Record<string, unknown>) =>
    asker.call(name && `signatures: ${name}`, 'getSignaturesForAddress', usd.treasury, options);
  const last = await asker.land(await build(world.pay(usd.buyer, usd.treasury, buyer, 12n)));
  const all: { signature: string }[] = (await signatures(null, { limit: 10, ...confirmed })).result;
  await signatures('of the treasury account', { limit: 3, ...confirmed });
  await signatures('before', { before: all[1]?.signature, limit: 2, ...confirmed });
  await signatures('until', { until: all[2]?.signature, ...confirmed });
  await signatures('before and until', { before: all[0]?.signature, until: all[3]?.signature, ...confirmed });
  await signatures('before something unknown', { before: UNKNOWN, ...confirmed });
  await signatures('until something unknown', { until: UNKNOWN, limit: 2, ...confirmed });
  await signatures('limit too high', { limit: 5_000 });
  await signatures('limit of nothing', { limit: 0 });
  await signatures('at processed', { commitment: 'processed' });
  await signatures('min context slot not reached', { minContextSlot: 999_999_999, ...confirmed });
  await asker.call('signatures: of an unused address', 'getSignaturesForAddress', world.passerby.address);
  const statuses = (name: string, ...params: unknown[]) => asker.call(`statuses: ${name}`, 'getSignatureStatuses', ...params);
  await statuses('unknown and known', [UNKNOWN, last.signature], { searchTransactionHistory: true });
  await statuses('none asked', []);
  await statuses('malformed signature', ['abc']);
  await statuses('not base58', ['0OIl']);
  await statuses('too many', Array(257).fill(UNKNOWN));
  await asker.call('transaction: unknown', 'getTransaction', UNKNOWN, { maxSupportedTransactionVersion: 0 });
  await asker.call('transaction: malformed signature', 'getTransaction', 'abc', { maxSupportedTransactionVersion: 0 });
  await world.passage.finalize();
  await asker.until(last, 'finalized');
  await statuses('finalized', [last.signature]);
  await asker.call('transaction: finalized', 'getTransaction', last.signature, {
    maxSupportedTransactionVersion: 0,
    encoding: 'json',
  });
  await signatures('finalized', { limit: 1 });
  const { slot } = (await asker.call(null, 'getTransaction', last.signature, { maxSupportedTransactionVersion: 0 })).result;
  await asker.call('block time', 'getBlockTime', slot);
}
