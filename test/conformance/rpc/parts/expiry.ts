import type { World } from '../world.ts';

/** A transaction that nobody sent until its blockhash was too old. */
export async function expiry({ asker, build, pay, usd, buyer, passage }: World): Promise<void> {
  const late = await build(pay(usd.buyer, usd.treasury, buyer, 13n));
  await passage.expire(asker, late);
  await asker.call('expired: blockhash', 'isBlockhashValid', late.lifetime.blockhash, { commitment: 'processed' });
  await asker.call('expired: fee', 'getFeeForMessage', Buffer.from(late.message).toString('base64'), { commitment: 'processed' });
  await asker.send('expired: send', late);
  await asker.send('expired: send without preflight', late, { skipPreflight: true });
  await asker.call('expired: simulate', 'simulateTransaction', late.wire, { encoding: 'base64', commitment: 'processed' });
  await asker.call('expired: simulate with another blockhash', 'simulateTransaction', late.wire, {
    encoding: 'base64',
    commitment: 'processed',
    replaceRecentBlockhash: true,
  });
  await new Promise(resolve => setTimeout(resolve, 1_000));
  await asker.call('expired: status', 'getSignatureStatuses', [late.signature], { searchTransactionHistory: true });
  await asker.call('expired: transaction', 'getTransaction', late.signature, {
    commitment: 'confirmed',
    maxSupportedTransactionVersion: 0,
  });
}
