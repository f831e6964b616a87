import { type Address, address, getBase58Decoder } from '@solana/kit';
import { getSetComputeUnitLimitInstruction } from '@solana-program/compute-budget';
import { getTransferSolInstruction } from '@solana-program/system';
import { type Built, wallet } from '#apps/localnet/testing/wallets';
import type { World } from '../world.ts';

const UNKNOWN_HASH = { blockhash: '4uhcVJyU9pJkvQyS88uRDiswHXSCkY3zQawwpjk2NsNY', lastValidBlockHeight: 1 };

const changed = (built: Built, change: (bytes: Uint8Array) => void): string => {
  const bytes = new Uint8Array(built.bytes);
  change(bytes);
  return Buffer.from(bytes).toString('base64');
};

/** What a node refuses, with and without preflight, and what fails on the chain. */
export async function refusals(world: World): Promise<void> {
  const { asker, build, pay, usd, buyer, stranger, sponsor } = world;
  const simulate = (name: string, wire: string, options = {}) =>
    asker.call(`simulate: ${name}`, 'simulateTransaction', wire, { encoding: 'base64', commitment: 'confirmed', ...options });
  const tooMuch = await build(pay(usd.buyer, usd.treasury, buyer, 999_000_000n));
  await simulate('too little', tooMuch.wire);
  await simulate('too little, with accounts', tooMuch.wire, { accounts: { encoding: 'base64', addresses: [usd.treasury] } });
  await asker.send('send: too little', tooMuch);
  await asker.land(tooMuch, 'fail');
  await asker.call('statuses: failed on chain', 'getSignatureStatuses', [tooMuch.signature]);
  await asker.call('transaction: failed on chain', 'getTransaction', tooMuch.signature, {
    commitment: 'confirmed',
    maxSupportedTransactionVersion: 0,
    encoding: 'json',
  });

  const refused = async (name: string, built: Built): Promise<void> => {
    await asker.send(`send: ${name}`, built);
    await simulate(name, built.wire);
  };
  await refused('destination missing', await build(pay(usd.buyer, usd.stranger, buyer, 1n)));
  await refused('wrong owner', await build(pay(usd.buyer, usd.treasury, stranger, 1n)));
  const poor = await wallet(99);
  await refused('fee payer without SOL', await build(pay(usd.buyer, usd.treasury, buyer, 1n), poor));
  await refused('fee payer is a token account owner only', await build(pay(usd.buyer, usd.treasury, buyer, 1n), buyer));
  await refused(
    'compute units too few',
    await build([getSetComputeUnitLimitInstruction({ units: 5_000 }), ...pay(usd.buyer, usd.treasury, buyer, 1n)]),
  );
  const nowhere: Address = address('4uhcVJyU9pJkvQyS88uRDiswHXSCkY3zQawwpjk2NsNY');
  await refused('program missing', await build([{ programAddress: nowhere, accounts: [], data: new Uint8Array([1]) }]));
  await landsFailed(world, 'program missing', [{ programAddress: nowhere, accounts: [], data: new Uint8Array([1]) }]);
  await refused(
    'program that is a wallet',
    await build([{ programAddress: stranger.address, accounts: [], data: new Uint8Array([1]) }]),
  );
  await refused(
    'not enough for rent',
    await build([getTransferSolInstruction({ source: sponsor, destination: (await wallet(98)).address, amount: 1n })]),
  );
  await refused(
    'more SOL than there is',
    await build([getTransferSolInstruction({ source: sponsor, destination: stranger.address, amount: 10n ** 15n })]),
  );
  const unknown = await build(pay(usd.buyer, usd.treasury, buyer, 2n), sponsor, UNKNOWN_HASH);
  await refused('blockhash not found', unknown);
  await simulate('blockhash not found, replaced', unknown.wire, { replaceRecentBlockhash: true });
  await asker.send('send: blockhash not found, no preflight', unknown, { skipPreflight: true });

  const good = await build(pay(usd.buyer, usd.treasury, buyer, 3n));
  const forged = changed(good, bytes => bytes.set([(bytes[10] ?? 0) ^ 1], 10));
  await asker.send('send: bad signature', forged);
  await asker.send('send: bad signature, no preflight', forged, { skipPreflight: true });
  await simulate('bad signature, not looked at', forged);
  await simulate('bad signature, looked at', forged, { sigVerify: true });
  await asker.send(
    'send: account index out of range',
    changed(good, bytes => bytes.set([200], bytes.length - 3)),
  );
  await asker.send('send: cut off', Buffer.from(good.bytes.subarray(0, -5)).toString('base64'));
  await asker.send('send: not base64', '!!!');
  await asker.send('send: not a transaction', Buffer.from('hello').toString('base64'));
  await asker.send('send: nothing', '');
  await asker.send('send: too large', Buffer.alloc(1_300).toString('base64'));
  await asker.call('send: unknown encoding', 'sendTransaction', good.wire, { encoding: 'hex' });
  await asker.call('send: not base58', 'sendTransaction', 'abc0OIl');
  await asker.call('send: by default commitment, too early for the blockhash', 'sendTransaction', good.wire, {
    encoding: 'base64',
  });
  await asker.send('send: min context slot not reached', good, { minContextSlot: 999_999_999 });
  await asker.call('send: base58 by default', 'sendTransaction', getBase58Decoder().decode(good.bytes), {
    preflightCommitment: 'confirmed',
  });
  await asker.until(good);
}

/** Lands what preflight would have refused, and looks at it. */
async function landsFailed({ asker, build }: World, name: string, instructions: Parameters<World['build']>[0]): Promise<void> {
  const built = await asker.land(await build(instructions), 'fail');
  await asker.call(`transaction: ${name}, on chain`, 'getTransaction', built.signature, {
    commitment: 'confirmed',
    maxSupportedTransactionVersion: 0,
    encoding: 'json',
  });
}
